import { type DocumentNode, type GraphQLSchema, Kind, OperationTypeNode, parse } from "graphql";
import type { SubgraphAnswer, WireError } from "../../../schema/subgraph.js";
import type { Authorized, Fetched, Narrowed, Operation } from "../../inquiry.js";
import type { GuardedOperation } from "../../graph/guarded-operation.js";
import { guardOperation } from "../../plan/guard-operation.js";
import type { Supergraph } from "../../plan/index.js";
import type { CreatePlanner } from "../../plan/planner.js";
import type { Plan } from "../../graph/plan.js";
import { keyFieldsOf } from "../../plan/safe-names.js";
import { createPlanning, PLANNING_LIMITS, type Planning, type PlanningLimits } from "../../plan/planning.js";
import { type PossibleTypes, readPossibleTypes } from "../../graph/possible-types.js";
import type { SubgraphFetch } from "../../fetch/execute/compile-fetch.js";
import { type CompiledPlan, compilePlan } from "../../fetch/execute/compile-plan.js";
import type { JsonObject } from "../../fetch/execute/objects.js";
import { introspect } from "./introspect.js";
import { movedBack, putBack } from "../../fetch/put-back.js";
import type { FetchContext, Source } from "../../fetch/subgraph-source.js";

/** An operation, guarded and planned: the same for everyone who sends it. */
export interface PreparedOperation {
  readonly guarded: GuardedOperation;
  readonly run: CompiledPlan;
}

/** Planner and executor behind one seam, for one supergraph: nothing outside `plan/` and `fetch/` knows how they work. */
export interface Federation {
  readonly apiSchema: GraphQLSchema;
  /**
   * Plans a valid operation, or finds the plan that is kept.
   * @throws SERVICE_UNAVAILABLE when too many wait to be planned, DEADLINE_EXCEEDED when it took too long
   */
  prepare(operation: Operation): Promise<PreparedOperation>;
  /** Runs it; errors of single subgraphs come back beside the data. */
  fetch(
    authorized: Authorized,
    prepared: PreparedOperation,
    narrowed: Narrowed,
    signal?: AbortSignal,
  ): Promise<Fetched>;
  /** For operators: how full the plan cache is. */
  readonly cached: Planning["cached"];
}

export interface FederationOptions {
  readonly sourceOf: (name: string) => Source;
  /** As `plan/load-planner.ts` gives it. */
  readonly createPlanner: CreatePlanner;
  readonly limits?: PlanningLimits;
}

/**
 * Opens the federation engine on a supergraph, with one source a subgraph.
 * @throws Error when the supergraph is not sound, or a source is missing
 */
export function startFederation(
  { plannableSdl, policies, subgraphs }: Supergraph,
  { sourceOf, createPlanner, limits = PLANNING_LIMITS }: FederationOptions,
): Federation {
  const planner = createPlanner(plannableSdl);
  const planning = createPlanning(planner, limits);
  const types = readPossibleTypes(parse(plannableSdl, { noLocation: true }));
  const machinery = keyFieldsOf(plannableSdl);
  const sources = new Map(subgraphs.map((name) => [name, sourceOf(name)]));
  const guardedBy = new WeakMap<object, GuardedOperation>();
  const compiled = new WeakMap<Plan, CompiledPlan>();
  const guardedOf = (operation: Operation): GuardedOperation => {
    const known = guardedBy.get(operation.definition);
    if (known !== undefined) return known;
    const guarded = guardOperation(operation, policies, machinery);
    guardedBy.set(operation.definition, guarded);
    return guarded;
  };
  return {
    apiSchema: planner.apiSchema,
    prepare: async (operation) => {
      const guarded = guardedOf(operation);
      const operationName = operation.definition.name?.value;
      const runs = await Promise.all(
        inOrder(guarded, operation).map(async (document, i) => {
          const key = `${i} ${operation.sha256}`;
          return compiledOf(compiled, await planning.plan({ document, operationName, key }), types);
        }),
      );
      return { guarded, run: oneAfterAnother(runs) };
    },
    fetch: (authorized, prepared, narrowed, signal) => {
      // What a mutation began it ends, whoever waits for it.
      const isQuery = authorized.operation.definition.operation === OperationTypeNode.QUERY;
      return fetchAll({ authorized, prepared, narrowed, signal: isQuery ? signal : undefined, sources });
    },
    get cached() {
      return planning.cached;
    },
  };
}

function compiledOf(compiled: WeakMap<Plan, CompiledPlan>, plan: Plan, types: PossibleTypes): CompiledPlan {
  const known = compiled.get(plan);
  if (known !== undefined) return known;
  const run = compilePlan(plan, types);
  compiled.set(plan, run);
  return run;
}

/**
 * What is planned of an operation: nothing where nothing is asked of a subgraph; of a mutation each root field on its own, one
 * after the other (GraphQL October 2021, section 6.2.2); the whole of a query.
 */
function inOrder({ document, roots }: GuardedOperation, { definition }: Operation): readonly DocumentNode[] {
  if (roots.length === 0) return [];
  if (definition.operation === OperationTypeNode.QUERY || roots.length === 1) return [document];
  return document.definitions
    .filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    .flatMap((each) =>
      each.selectionSet.selections.map((selection) => ({
        ...document,
        definitions: [{ ...each, selectionSet: { ...each.selectionSet, selections: [selection] } }],
      })),
    );
}

function oneAfterAnother(runs: readonly CompiledPlan[]): CompiledPlan {
  const [only] = runs;
  if (only !== undefined && runs.length === 1) return only;
  return async (run) => {
    for (const each of runs) await each(run);
  };
}

interface Fetching {
  readonly authorized: Authorized;
  readonly prepared: PreparedOperation;
  readonly narrowed: Narrowed;
  readonly signal: AbortSignal | undefined;
  readonly sources: ReadonlyMap<string, Source>;
}

async function fetchAll(fetching: Fetching): Promise<Fetched> {
  const { authorized, prepared, narrowed, signal, sources } = fetching;
  const { guarded } = prepared;
  const context: FetchContext = { authorized, signal, ...rootsOf(fetching) };
  const data: JsonObject = {};
  const errors: WireError[] = [];
  await prepared.run({
    variables: narrowed.variables,
    data,
    errors,
    signal,
    ask: (fetch: SubgraphFetch): Promise<SubgraphAnswer> => {
      const source = sources.get(fetch.step.subgraph);
      if (source === undefined) throw new TypeError(`no source for ${fetch.step.subgraph}`);
      return source.ask(fetch, context);
    },
    failure: (error) => ({
      message: "the subgraph cannot be asked",
      extensions: { code: "SOURCE_UNAVAILABLE" },
      originalError: error,
    }),
  });
  if (guarded.introspects) Object.assign(data, introspect(authorized.operation));
  const { names } = guarded;
  const { keptPositions } = narrowed;
  return {
    authorized,
    data: putBack(names.data(data), authorized, keptPositions),
    errors: errors.map((error) => movedBack(names.error(error), keptPositions)),
  } as unknown as Fetched;
}

/** Under the names of the plan: the roots that return merchants, and whom each asks about as it was narrowed. */
function rootsOf({
  authorized,
  prepared,
  narrowed,
}: Fetching): Pick<FetchContext, "merchantRoots" | "expected"> {
  const { names, merchantRoots } = prepared.guarded;
  const expected = new Map<string, readonly string[]>();
  for (const [responseKey, merchants] of authorized.positions) {
    const kept = narrowed.keptPositions.get(responseKey);
    const asked = kept === undefined ? merchants : kept.map((position) => merchants[position] ?? "");
    expected.set(names.key(responseKey), asked);
  }
  return { merchantRoots, expected };
}
