import { ApolloGateway, type GraphQLDataSource } from "@apollo/gateway";
import { HeaderMap } from "@apollo/server";
import type { DocumentNode, GraphQLSchema } from "graphql";
import { print } from "graphql";
import { sha256Hex } from "../../foundation/tokens.js";
import type { AnswerError, Authorized, Fetched, Narrowed } from "../inquiry.js";
import type { Expected } from "./echo.js";
import { movedBack, putBack } from "./put-back.js";
import { withSafeNames } from "./safe-names.js";
import type { FetchContext } from "./subgraph-source.js";

type Executor = Awaited<ReturnType<ApolloGateway["load"]>>["executor"];

/** Planner and executor behind one seam: nothing outside `plan/` and `fetch/` knows which one runs. */
export interface Federation {
  readonly apiSchema: GraphQLSchema;
  /** @throws whatever the executor throws; errors of single subgraphs come back beside the data */
  fetch(authorized: Authorized, narrowed: Narrowed): Promise<Fetched>;
  stop(): Promise<void>;
}

/** Starts the federation engine on a supergraph without security directives and one source per subgraph. */
export async function startFederation(
  supergraphSdl: string,
  sourceOf: (name: string) => GraphQLDataSource<FetchContext>,
): Promise<Federation> {
  // The library reports usage to its vendor every hour unless told not to, and hears it only from the environment.
  process.env["APOLLO_TELEMETRY_DISABLED"] = "1";
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name }) => sourceOf(name) as GraphQLDataSource,
    __exposeQueryPlanExperimental: false,
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  let apiSchema: GraphQLSchema | undefined;
  gateway.onSchemaLoadOrUpdate((loaded) => {
    apiSchema = loaded.apiSchema;
  });
  const { executor } = await gateway.load({ apollo: {} });
  const machinery = keyFieldsOf(supergraphSdl);
  if (apiSchema === undefined) throw new Error("the supergraph did not load");
  return {
    apiSchema,
    fetch: (authorized, narrowed) => run(executor, authorized, { narrowed, machinery }),
    stop: () => gateway.stop(),
  };
}

/** Names by which the executor finds entities in results. */
function keyFieldsOf(supergraphSdl: string): ReadonlySet<string> {
  const keys = [...supergraphSdl.matchAll(/@join__type\([^)]*\bkey: "([^"]*)"/g)];
  return new Set(["__typename", ...keys.flatMap(([, fields = ""]) => fields.match(/\w+/g) ?? [])]);
}

function expectedOf({ positions }: Authorized, { keptPositions }: Narrowed): Expected {
  if (keptPositions.size === 0) return positions;
  return new Map(
    [...positions].map(([key, merchants]) => {
      const kept = keptPositions.get(key);
      return [key, kept === undefined ? merchants : kept.map((position) => merchants[position] ?? "")];
    }),
  );
}

interface ToRun {
  readonly narrowed: Narrowed;
  readonly machinery: ReadonlySet<string>;
}

async function run(
  executor: Executor,
  authorized: Authorized,
  { narrowed, machinery }: ToRun,
): Promise<Fetched> {
  const { operation } = authorized;
  const safe = withSafeNames(narrowed, machinery);
  const operationName = operation.definition.name?.value;
  const context: FetchContext = { authorized, expected: expectedOf(authorized, narrowed) };
  const result = await executor({
    request: {
      variables: { ...safe.variables },
      ...(operationName === undefined ? {} : { operationName }),
      http: { method: "POST", headers: new HeaderMap(), search: "", body: null },
    },
    document: safe.document,
    queryHash: hashOf(narrowed, operation.sha256),
    operationName: operationName ?? null,
    context,
    schema: operation.schema,
    // The executor notes the paths of failed fetches here, for reports that are switched off.
    metrics: { nonFtv1ErrorPaths: [] },
  } as unknown as Parameters<Executor>[0]);
  const errors = (result.errors ?? []) as unknown as readonly AnswerError[];
  const { keptPositions } = narrowed;
  const data = result.data == null ? null : putBack(safe.data(result.data), authorized, keptPositions);
  const placed = errors.map((error) => movedBack(safe.error(error), keptPositions));
  return { authorized, data, errors: placed } as unknown as Fetched;
}

/** The plan's identity: a narrowed document is another operation and must never meet the plan of the whole one. */
function hashOf(narrowed: Narrowed, sha256: string): string {
  return narrowed.changed ? sha256Hex(print(narrowed.document satisfies DocumentNode)) : sha256;
}
