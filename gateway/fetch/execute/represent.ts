import type { RequiredSelection } from "../../graph/plan.js";
import type { PossibleTypes } from "../../graph/possible-types.js";
import { isObject, type JsonObject, own, put } from "./objects.js";

/**
 * Makes the representation of an entity: exactly the required members that hold for its type. `undefined` when a
 * required member has not been fetched, or no requirement is for its type: the entity then stays as it is.
 */
export function represent(
  object: JsonObject,
  requires: readonly RequiredSelection[],
  types: PossibleTypes,
): JsonObject | undefined {
  const typeName = own(object, "__typename");
  if (typeof typeName !== "string") return undefined;
  const out: JsonObject = {};
  const isComplete = copyRequired({ from: object, to: out, typeName }, requires, types);
  if (!isComplete || Object.keys(out).length === 0) return undefined;
  if (own(out, "__typename") === undefined) out["__typename"] = typeName;
  // A name alone says which type, not which entity.
  return Object.keys(out).length > 1 ? out : undefined;
}

interface Copy {
  readonly from: JsonObject;
  readonly to: JsonObject;
  readonly typeName: string | undefined;
}

/** False when something required is not there. */
function copyRequired(
  { from, to, typeName }: Copy,
  selections: readonly RequiredSelection[],
  types: PossibleTypes,
): boolean {
  for (const selection of selections) {
    if (selection.kind === "fragment") {
      // An embedded object without a name has the one type that it can have.
      if (typeName !== undefined && !types.meets(typeName, selection.type)) continue;
      if (!copyRequired({ from, to, typeName }, selection.selections, types)) return false;
      continue;
    }
    const value = own(from, selection.responseKey);
    if (value === undefined) {
      // The planner asks for the name everywhere; an embedded object may come without.
      if (selection.responseKey === "__typename") continue;
      return false;
    }
    const copied = copyValue(value, selection.selections, { types, known: own(to, selection.name) });
    if (copied === MISSING) return false;
    put(to, selection.name, copied);
  }
  return true;
}

const MISSING = Symbol("missing");

function copyValue(
  value: unknown,
  selections: readonly RequiredSelection[] | undefined,
  { types, known }: { readonly types: PossibleTypes; readonly known: unknown },
): unknown {
  if (value === null || selections === undefined) return value;
  if (Array.isArray(value)) {
    const before = Array.isArray(known) ? known : [];
    const items = value.map((item, i) => copyValue(item, selections, { types, known: before[i] }));
    return items.includes(MISSING) ? MISSING : items;
  }
  if (!isObject(value)) return value;
  const typeName = own(value, "__typename");
  const to: JsonObject = isObject(known) ? known : {};
  const copy = { from: value, to, typeName: typeof typeName === "string" ? typeName : undefined };
  return copyRequired(copy, selections, types) ? to : MISSING;
}
