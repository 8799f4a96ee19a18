import type { PathStep } from "../../graph/plan.js";
import type { PossibleTypes } from "../../graph/possible-types.js";
import { isObject, type JsonObject, own } from "./objects.js";

/** An object of the answer so far, and where it stands in it. */
export interface Located {
  readonly object: JsonObject;
  readonly path: readonly (string | number)[];
}

/** Finds the objects that a plan's path leads to. Lists are walked through, whether or not the path says so. */
export function collectTargets(
  root: JsonObject,
  path: readonly PathStep[],
  types: PossibleTypes,
): readonly Located[] {
  const found: Located[] = [];
  walk({ value: root, at: [], depth: 0 }, { path, types, found });
  return found;
}

interface Place {
  readonly value: unknown;
  readonly at: readonly (string | number)[];
  /** How many steps of the path were taken. */
  readonly depth: number;
}

interface Walk {
  readonly path: readonly PathStep[];
  readonly types: PossibleTypes;
  readonly found: Located[];
}

function walk({ value, at, depth }: Place, search: Walk): void {
  if (value === null || value === undefined) return;
  const step = search.path[depth];
  if (Array.isArray(value)) {
    const next = step?.kind === "list" ? depth + 1 : depth;
    for (const [index, item] of value.entries())
      walk({ value: item, at: [...at, index], depth: next }, search);
    return;
  }
  if (!isObject(value)) return;
  if (step === undefined) {
    search.found.push({ object: value, path: at });
    return;
  }
  if (step.kind === "field") {
    const { responseKey } = step;
    walk({ value: own(value, responseKey), at: [...at, responseKey], depth: depth + 1 }, search);
    return;
  }
  if (step.kind === "type") {
    const typeName = own(value, "__typename");
    // Without a name the object's type was certain when the operation was planned.
    const meets =
      typeof typeName !== "string" || step.names.some((name) => search.types.meets(typeName, name));
    if (meets) walk({ value, at, depth: depth + 1 }, search);
  }
}
