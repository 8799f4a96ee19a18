import { ApolloGateway } from "@apollo/gateway";
import { composeServices } from "@apollo/composition";
import { HeaderMap } from "@apollo/server";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { getOperationAST, type GraphQLSchema, parse } from "graphql";
import { loadPlanner, type PlannerKind } from "../../gateway/plan/load-planner.js";
import {
  type BareEngine,
  createBareEngine,
  WITHOUT_CONSENT,
} from "../../gateway/process/bare/bare-engine.js";
import { Executor } from "../../subgraphs/host/execute.js";
import type { Scenario } from "./scenarios/scenario.js";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"])`;

/** A JSON answer of either engine. */
export interface Answer {
  readonly data?: any;
  readonly errors?: readonly { readonly message?: string; readonly path?: readonly (string | number)[] }[];
  readonly extensions?: Readonly<Record<string, any>>;
}

type Ask = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<Answer>;

export type SubgraphFunction = (body: string) => Promise<unknown>;

/** One scenario, composed and served by both engines over the same subgraphs. */
export interface Engines {
  readonly apiSchema: GraphQLSchema;
  readonly ours: Ask;
  readonly apollo: Ask;
  readonly bare: BareEngine;
  readonly close: () => Promise<void>;
}

export function composeScenario({ subgraphs }: Scenario): string {
  const composed = composeServices(
    Object.entries(subgraphs).map(([name, { sdl }]) => ({
      name,
      typeDefs: parse(`${LINK}\n${sdl}`),
      url: `http://${name}.invalid/graphql`,
    })),
  );
  if (composed.errors !== undefined)
    throw new Error(composed.errors.map((error) => error.message).join("\n"));
  return composed.supergraphSdl;
}

/** The subgraphs of a scenario as functions; what they answer is plain JSON, as over HTTP. */
export function subgraphFunctions(scenario: Scenario): ReadonlyMap<string, SubgraphFunction> {
  return new Map(
    Object.entries(scenario.subgraphs).map(([name, { sdl, resolvers }]) => {
      if (scenario.unreachable?.includes(name) === true)
        return [name, () => Promise.reject(new Error("unreachable"))] as const;
      const typeDefs = parse(`${LINK}\n${sdl}`);
      const executor = new Executor(buildSubgraphSchema({ typeDefs, resolvers: resolvers as never }));
      return [name, async (body: string) => plain(await executor.run(body, {}))] as const;
    }),
  );
}

export async function startScenario(scenario: Scenario, planner: PlannerKind): Promise<Engines> {
  const supergraphSdl = composeScenario(scenario);
  const sources = subgraphFunctions(scenario);
  return startEngines({ supergraphSdl, sources, planner, reset: scenario.reset });
}

interface EngineParts {
  readonly supergraphSdl: string;
  readonly sources: ReadonlyMap<string, SubgraphFunction>;
  readonly planner: PlannerKind;
  readonly reset?: (() => void) | undefined;
}

export async function startEngines({
  supergraphSdl,
  sources,
  planner,
  reset,
}: EngineParts): Promise<Engines> {
  const bare = createBareEngine({
    [WITHOUT_CONSENT]: true,
    supergraphSdl,
    sources,
    createPlanner: await loadPlanner(planner),
    onError: (error) => {
      throw error;
    },
  });
  const apollo = await startApollo(supergraphSdl, sources);
  return {
    apiSchema: bare.apiSchema,
    bare,
    ours: async (query, variables) => {
      reset?.();
      return plain(await bare.execute({ query, variables })) as Answer;
    },
    apollo: async (query, variables) => {
      reset?.();
      return apollo.ask(query, variables);
    },
    close: async () => {
      await apollo.stop();
      await bare.close();
    },
  };
}

async function startApollo(
  supergraphSdl: string,
  sources: ReadonlyMap<string, SubgraphFunction>,
): Promise<{ readonly ask: Ask; readonly stop: () => Promise<void> }> {
  // It reports usage to its vendor unless told not to.
  process.env["APOLLO_TELEMETRY_DISABLED"] = "1";
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name }) => ({
      process: async ({ request: { query, variables, operationName } }) =>
        (await sources.get(name)?.(JSON.stringify({ query, variables, operationName }))) as never,
    }),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  let schema: GraphQLSchema | undefined;
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => {
    schema = apiSchema;
  });
  const { executor } = await gateway.load({ apollo: {} });
  return {
    stop: () => gateway.stop(),
    ask: async (query, variables) => {
      const document = parse(query);
      const operationName = getOperationAST(document, undefined)?.name?.value ?? null;
      const result = await executor({
        request: {
          variables: { ...variables },
          http: { method: "POST", headers: new HeaderMap(), search: "", body: null },
        },
        document,
        queryHash: query,
        operationName,
        context: {},
        schema,
        metrics: { nonFtv1ErrorPaths: [] },
      } as unknown as Parameters<typeof executor>[0]);
      return plain(result) as Answer;
    },
  };
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
