import type { SubgraphAnswer, WireError } from "../../../schema/subgraph.js";
import type { EntityTarget, FetchStep } from "../../graph/plan.js";
import type { PossibleTypes } from "../../graph/possible-types.js";
import { collectTargets, type Located } from "./collect-targets.js";
import { isObject, type JsonObject, mergeInto, own } from "./objects.js";
import { represent } from "./represent.js";
import { applyRewrites } from "./rewrite.js";
import { type KeysOf, rootKeysOf } from "./root-keys.js";

/** One request as it goes to a subgraph. */
export interface SubgraphFetch {
  readonly step: FetchStep;
  readonly variables: JsonObject;
}

/** One run of a compiled plan. */
export interface Run {
  /** Coerced variables of the client's operation. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly data: JsonObject;
  readonly errors: WireError[];
  readonly signal: AbortSignal | undefined;
  /** Asks a subgraph; rejects when it cannot be asked at all. */
  ask(fetch: SubgraphFetch): Promise<SubgraphAnswer>;
  /** The error that stands for a subgraph that could not be asked. */
  failure(error: unknown, subgraph: string): Omit<WireError, "path">;
}

/** Objects that share one representation: they are asked about once, and each gets the answer. */
interface Group {
  readonly representation: JsonObject;
  readonly members: Located[];
}

interface AskedTarget {
  readonly target: EntityTarget;
  readonly groups: readonly Group[];
}

/** Compiles one fetch. Nothing is sent when no entity needs it. */
export function compileFetch(step: FetchStep, types: PossibleTypes): (run: Run) => Promise<void> | undefined {
  const keys = rootKeysOf(step);
  if (step.targets.length === 0) return (run) => fetchRoot(run, { step, types, keys });
  return (run) => fetchEntities(run, { step, types, keys });
}

interface Compiled {
  readonly step: FetchStep;
  readonly types: PossibleTypes;
  /** Response keys that the fetch fills: under the root, or in each entity by target. */
  readonly keys: ReadonlyMap<string, KeysOf>;
}

async function fetchRoot(run: Run, { step, types, keys }: Compiled): Promise<void> {
  const places =
    step.at.length === 0 ? [{ object: run.data, path: [] }] : collectTargets(run.data, step.at, types);
  if (places.length === 0) return;
  const answer = await askOr(run, { step, variables: passOn(step, run) });
  for (const { object, path } of places) {
    if ("failure" in answer) {
      for (const key of keys.get("")?.(run.variables, () => true) ?? [])
        run.errors.push({ ...answer.failure, path: [...path, key] });
      continue;
    }
    for (const error of answer.errors ?? [])
      run.errors.push(error.path === undefined ? error : { ...error, path: [...path, ...error.path] });
    if (!isObject(answer.data)) continue;
    const data = places.length > 1 ? structuredClone(answer.data) : answer.data;
    applyRewrites(data, step.outputRewrites, types);
    mergeInto(object, data, types.isAbstract);
  }
}

function fetchEntities(run: Run, compiled: Compiled): Promise<void> | undefined {
  const { step, types } = compiled;
  const asked = step.targets.map((target) => ({ target, groups: groupsOf(run, target, types) }));
  if (asked.every(({ groups }) => groups.length === 0)) return undefined;
  const variables = passOn(step, run);
  for (const { target, groups } of asked) {
    // Several targets may share one variable: the same representations under two selections.
    variables[target.variable] = groups.map(({ representation }) => representation);
  }
  return askOr(run, { step, variables }).then((answer) => takeEntities(run, answer, { asked, compiled }));
}

function takeEntities(
  run: Run,
  answer: SubgraphAnswer | { readonly failure: Omit<WireError, "path"> },
  { asked, compiled }: { readonly asked: readonly AskedTarget[]; readonly compiled: Compiled },
): void {
  if ("failure" in answer) {
    for (const { target, groups } of asked)
      for (const { object, path } of groups.flatMap(({ members }) => members)) {
        const meets = typeTest(object, compiled.types);
        for (const key of compiled.keys.get(target.responseKey)?.(run.variables, meets) ?? [])
          run.errors.push({ ...answer.failure, path: [...path, key] });
      }
    return;
  }
  for (const error of answer.errors ?? []) placeError(run, error, asked);
  for (const { target, groups } of asked) {
    const entities = isObject(answer.data) ? own(answer.data, target.responseKey) : undefined;
    // A subgraph that answers another number of entities than it was asked about is not believed.
    if (!Array.isArray(entities) || entities.length !== groups.length) continue;
    for (const [index, entity] of entities.entries()) {
      if (!isObject(entity)) continue;
      applyRewrites(entity, target.outputRewrites, compiled.types);
      for (const { object } of groups[index]?.members ?? [])
        mergeInto(object, copyOf(entity, groups[index]), compiled.types.isAbstract);
    }
  }
}

function typeTest(object: JsonObject, types: PossibleTypes): (condition: string) => boolean {
  const typeName = own(object, "__typename");
  return (condition) => typeof typeName !== "string" || types.meets(typeName, condition);
}

/** Each object gets an answer of its own: later fetches write into it. */
function copyOf(entity: JsonObject, group: Group | undefined): JsonObject {
  return (group?.members.length ?? 0) > 1 ? structuredClone(entity) : entity;
}

function groupsOf(run: Run, target: EntityTarget, types: PossibleTypes): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const path of target.paths) {
    for (const located of collectTargets(run.data, path, types)) {
      const representation = represent(located.object, target.requires, types);
      if (representation === undefined) continue;
      applyRewrites(representation, target.inputRewrites, types);
      const identity = JSON.stringify(representation);
      const known = groups.get(identity);
      if (known === undefined) groups.set(identity, { representation, members: [located] });
      else known.members.push(located);
    }
  }
  return [...groups.values()];
}

/** An error below an entity belongs to every object that the entity completes. */
function placeError(run: Run, error: WireError, asked: readonly AskedTarget[]): void {
  const [head, index, ...rest] = error.path ?? [];
  const { groups } = asked.find(({ target }) => target.responseKey === head) ?? { groups: [] };
  const members = typeof index === "number" ? (groups[index]?.members ?? []) : [];
  if (members.length === 0) {
    const { path: _path, ...pathless } = error;
    run.errors.push(pathless);
  }
  for (const { path } of members) run.errors.push({ ...error, path: [...path, ...rest] });
}

function passOn(step: FetchStep, run: Run): JsonObject {
  const variables: JsonObject = {};
  for (const name of step.variables) {
    if (Object.hasOwn(run.variables, name)) variables[name] = run.variables[name];
  }
  return variables;
}

async function askOr(
  run: Run,
  fetch: SubgraphFetch,
): Promise<SubgraphAnswer | { readonly failure: Omit<WireError, "path"> }> {
  try {
    return await run.ask(fetch);
  } catch (error) {
    run.signal?.throwIfAborted();
    return { failure: run.failure(error, fetch.step.subgraph) };
  }
}
