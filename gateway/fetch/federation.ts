import { type GraphQLSchema, parse } from "graphql";
import type { SubgraphAnswer, WireError } from "../../schema/subgraph.js";
import type { Authorized, Fetched, Narrowed, Operation } from "../inquiry.js";
import { type GuardedOperation, guardOperation } from "../plan/guard-operation.js";
import type { Supergraph } from "../plan/index.js";
import { createNativePlanner } from "../plan/native-planner.js";
import type { Plan } from "../plan/plan.js";
import { createPlanning, PLANNING_LIMITS, type Planning, type PlanningLimits } from "../plan/planning.js";
import { type PossibleTypes, readPossibleTypes } from "../plan/possible-types.js";
import { keyFieldsOf } from "../plan/safe-names.js";
import type { SubgraphFetch } from "./execute/compile-fetch.js";
import { type CompiledPlan, compilePlan } from "./execute/compile-plan.js";
import type { JsonObject } from "./execute/objects.js";
import { introspect } from "./introspect.js";
import { movedBack, putBack } from "./put-back.js";
import type { FetchContext, Source } from "./subgraph-source.js";

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

/**
 * Opens the federation engine on a supergraph, with one source a subgraph.
 * @throws Error when the supergraph is not sound, or a source is missing
 */
export function startFederation(
  { plannableSdl, policies, subgraphs }: Supergraph,
  sourceOf: (name: string) => Source,
  limits: PlanningLimits = PLANNING_LIMITS,
): Federation {
  const planner = createNativePlanner(plannableSdl);
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
      if (guarded.roots.length === 0) return { guarded, run: async () => {} };
      const operationName = operation.definition.name?.value;
      const plan = await planning.plan({ document: guarded.document, operationName, key: operation.sha256 });
      return { guarded, run: compiledOf(compiled, plan, types) };
    },
    fetch: (authorized, prepared, narrowed, signal) =>
      fetchAll({ authorized, prepared, narrowed, signal, sources }),
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
