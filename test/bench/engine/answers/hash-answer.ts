import { sha256Hex } from "../../../../foundation/tokens.js";

/** JSON with the members of every object in one order: the order of an answer's fields is no part of its meaning. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}

/** Names an answer by its data alone; 16 hexadecimal digits. */
export function hashAnswer(data: unknown): string {
  return sha256Hex(canonical(data)).slice(0, 16);
}

/** Paths at which two values differ, at most `most`; `a.b[0]: left | right`. */
export function differences(left: unknown, right: unknown, most = 5): readonly string[] {
  const found: string[] = [];
  compare(left, right, { path: "data", found });
  return found.slice(0, most);
}

function compare(
  left: unknown,
  right: unknown,
  at: { readonly path: string; readonly found: string[] },
): void {
  if (!isNested(left) || !isNested(right) || Array.isArray(left) !== Array.isArray(right)) {
    if (canonical(left ?? null) !== canonical(right ?? null))
      at.found.push(`${at.path}: ${short(left)} | ${short(right)}`);
    return;
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const path = Array.isArray(left) ? `${at.path}[${key}]` : `${at.path}.${key}`;
    compare(left[key], right[key], { path, found: at.found });
  }
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? "absent").slice(0, 80);
}
