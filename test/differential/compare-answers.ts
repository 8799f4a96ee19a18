import { isDeepStrictEqual } from "node:util";
import type { Answer } from "./engines.js";

type Path = readonly (string | number)[];

/** What is wrong with our answer beside Apollo's; empty where nothing is. */
export function compareAnswers(ours: Answer, apollo: Answer): readonly string[] {
  const problems: string[] = [];
  if (!isDeepStrictEqual(ours.data ?? null, apollo.data ?? null)) problems.push("the data differ");
  const own = pathsOf(ours.errors);
  const theirs = pathsOf(apollo.errors);
  for (const path of theirs) if (!isCovered(path, ours)) problems.push(`no error at ${path}`);
  for (const path of own) {
    if (!theirs.has(path) && !isTold(path, apollo)) problems.push(`an error too much at ${path}`);
  }
  return [...problems, ...lintErrors(ours)];
}

/**
 * Apollo tells of values that their places cannot hold beside the errors, in extensions, and only where there is no other
 * error (`docs/engine-differences.md`, 1); of a subgraph that cannot be asked it tells without a path (2).
 */
function isTold(path: string, { errors = [], extensions }: Answer): boolean {
  const isCompletion = pathsOf(extensions?.["valueCompletion"]).has(path);
  return isCompletion || errors.length > 0;
}

/** Of several errors that make one place null, one is enough (GraphQL October 2021, section 6.4.4). */
function isCovered(path: string, { data, errors = [] }: Answer): boolean {
  const steps = JSON.parse(path) as Path;
  const end = steps.findIndex((_step, i) => isNullAt(data, steps.slice(0, i)));
  const place = end === -1 ? steps : steps.slice(0, end);
  return errors.some((error) => isDeepStrictEqual(error.path?.slice(0, place.length), place));
}

function pathsOf(errors: Answer["errors"]): ReadonlySet<string> {
  return new Set((errors ?? []).flatMap(({ path }) => (path === undefined ? [] : [JSON.stringify(path)])));
}

/** Every error stands where the answer has a null, or below one (GraphQL October 2021, section 7.1.2). */
function lintErrors({ data, errors = [] }: Answer): readonly string[] {
  return errors.flatMap(({ path }) => {
    if (path === undefined) return ["an error without a path"];
    return isNullAt(data, path) ? [] : [`an error at ${JSON.stringify(path)}, where a value is`];
  });
}

function isNullAt(data: unknown, path: Path): boolean {
  let at = data;
  for (const step of path) {
    if (at === null) return true;
    if (typeof at !== "object" || at === undefined || !Object.hasOwn(at, step)) return false;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at === null;
}
