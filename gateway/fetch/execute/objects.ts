/** A JSON object of an answer in the making. Its keys come from clients and subgraphs: none may reach a prototype. */
export type JsonObject = { [key: string]: unknown };

/** True for an object that is no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's own member; never an inherited one, whatever the key says. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own member, also where the key is the name of a setter of every object. */
export function put(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** True for the name of an object whose own type is not known yet. */
export type IsAbstract = (typeName: string) => boolean;

/**
 * Lays what a later fetch gave over what is there. Objects are merged, lists position by position, and a value never
 * gives way to null: of two subgraphs that share a field, one that could not resolve it takes nothing away. A type's name
 * gives way only while it names an interface.
 */
export function mergeInto(target: JsonObject, source: JsonObject, isAbstract: IsAbstract): void {
  for (const key of Object.keys(source)) {
    const incoming = source[key];
    const held = own(target, key);
    if (held === undefined || held === null) put(target, key, incoming);
    else if (incoming === null || incoming === undefined) continue;
    else if (isObject(held) && isObject(incoming)) mergeInto(held, incoming, isAbstract);
    else if (Array.isArray(held) && Array.isArray(incoming)) mergeLists(held, incoming, isAbstract);
    else if (key !== "__typename" || isAbstract(String(held))) put(target, key, incoming);
  }
}

function mergeLists(held: unknown[], incoming: readonly unknown[], isAbstract: IsAbstract): void {
  for (const [index, item] of incoming.entries()) {
    const known = held[index];
    if (isObject(known) && isObject(item)) mergeInto(known, item, isAbstract);
    else if (Array.isArray(known) && Array.isArray(item)) mergeLists(known, item, isAbstract);
    else if (item !== null && item !== undefined) held[index] = item;
  }
}
