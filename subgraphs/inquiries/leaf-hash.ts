import { createHash } from "node:crypto";

/**
 * JSON with sorted keys and no blanks (RFC 8785): the same value always gives the same bytes. Entries hold text, whole
 * numbers, null, lists and objects only; `undefined` members are left out.
 * @throws TypeError for anything else
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError("the entry holds a value that has no canonical form");
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    // By UTF-16 code units, as `<` compares (RFC 8785 section 3.2.3).
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

/** Leaf of a Merkle tree: lower-case hex SHA-256 of `0x00 || bytes` (RFC 6962 section 2.1). */
export function leafHash(canonical: string): string {
  return createHash("sha256").update(Uint8Array.of(0)).update(canonical, "utf8").digest("hex");
}
