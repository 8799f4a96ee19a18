import type { Key } from "../sign.js";
import { lintKey } from "./lint-key.js";

type Members = Readonly<Record<string, unknown>>;

/** The keys of a set that may verify, with their public members only, and what was wrong with the others. */
export interface AdmittedKeys {
  readonly keys: readonly Key[];
  readonly problems: readonly string[];
}

const KEYS_MAX = 100;

/**
 * Judges a key set (RFC 7517 section 5). A key that fails is left out and named by its place; the others stay. A key id
 * that stands twice names no key, so neither is admitted. Keys for encryption are none of ours and no problem.
 */
export function admitKeys(keys: readonly unknown[]): AdmittedKeys {
  if (keys.length > KEYS_MAX) return { keys: [], problems: [`a key set of more than ${KEYS_MAX} keys`] };
  const ids = keys.map((key) => (key as Members | null)?.["kid"]);
  const isTwice = (id: unknown): boolean => id !== undefined && ids.indexOf(id) !== ids.lastIndexOf(id);
  const admitted: Key[] = [];
  const problems: string[] = [];
  keys.forEach((key, place) => {
    if ((key as Members | null)?.["use"] === "enc") return;
    const problem = isTwice(ids[place]) ? "a kid that stands twice" : lintKey(key);
    if (problem === undefined) admitted.push(publicMembers(key as Members));
    else problems.push(`key ${place + 1} of the set: ${problem}`);
  });
  return { keys: admitted, problems };
}

const PUBLIC_MEMBERS = ["kty", "crv", "x", "y", "n", "e", "alg", "use", "kid"] as const;

/** Certificates, addresses and everything else that a key set may carry stay behind. */
function publicMembers(key: Members): Key {
  return Object.fromEntries(
    PUBLIC_MEMBERS.filter((name) => key[name] !== undefined).map((name) => [name, key[name]]),
  ) as unknown as Key;
}
