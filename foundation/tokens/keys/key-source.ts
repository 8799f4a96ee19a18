import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type CryptoKey,
  customFetch,
  errors,
  type FetchImplementation,
} from "jose";
import { systemClock } from "../../clock.js";
import { JsonRefused } from "../json-rules.js";
import { admitKeys } from "./admit-keys.js";
import type { TokenHeader } from "../read-compact.js";
import { readJsonObject } from "../read-json.js";
import type { KeySet } from "../sign.js";
import { TokenError } from "../token-error.js";

/**
 * Where verification keys come from. A remote set is cached, with a cool-down between fetches; a live one belongs to this
 * process, and has changed when another object is handed out.
 */
export type KeySource =
  | { readonly kind: "local"; readonly keys: KeySet }
  | { readonly kind: "live"; readonly keys: () => KeySet }
  | {
      readonly kind: "remote";
      readonly url: URL;
      readonly cacheMaxAgeMs: number;
      readonly cooldownMs: number;
      readonly timeoutMs: number;
    };

type RemoteSource = Extract<KeySource, { kind: "remote" }>;

/** Finds the key of a header in a set. @throws TokenError `invalid`, `keys-unavailable` */
export type FindKey = (header: TokenHeader) => Promise<CryptoKey>;

/** Told of each key that is not admitted, and of sets that cannot be read; in words for the operator. Never throws. */
export type OnKeyProblem = (problem: string) => void;

/** A key set that was admitted, as long as it is in use. */
interface Admitted {
  readonly find: (header: { readonly alg: string; readonly kid?: string }) => Promise<CryptoKey>;
  readonly count: () => number;
}

/**
 * Opens a source of keys, each of which is judged before it verifies anything: local ones now, remote ones at each fetch.
 * A key that fails is left out; when none is left no token can be judged, which is nobody's fault but the key set's.
 */
export function openKeySource(source: KeySource, onProblem: OnKeyProblem): FindKey {
  const { find, count } = openSource(source, onProblem);
  return async ({ alg, kid }) => {
    const key = await find({ alg, ...(kid === undefined ? {} : { kid }) }).catch((error: unknown) => {
      throw asTokenError(error);
    });
    // Without a name a token could be tried against each key in turn (RFC 7515 section 10.7).
    if (kid === undefined && count() > 1) throw new TokenError("invalid", "no kid, and several keys");
    return key;
  };
}

function openSource(source: KeySource, onProblem: OnKeyProblem): Admitted {
  switch (source.kind) {
    case "local":
      return openLocal(source.keys, onProblem);
    case "live":
      return openLive(source.keys, onProblem);
    case "remote":
      return openRemote(source, onProblem);
    default:
      return source satisfies never;
  }
}

function openLive(current: () => KeySet, onProblem: OnKeyProblem): Admitted {
  let known = current();
  let admitted = openLocal(known, onProblem);
  const open = (): Admitted => {
    const keys = current();
    if (keys === known) return admitted;
    known = keys;
    admitted = openLocal(keys, onProblem);
    return admitted;
  };
  return { find: (header) => open().find(header), count: () => open().count() };
}

function openLocal(set: KeySet, onProblem: OnKeyProblem): Admitted {
  const { keys, problems } = admitKeys(set.keys);
  for (const problem of problems) onProblem(problem);
  const local = createLocalJWKSet({ keys: [...keys] });
  const find: Admitted["find"] = async (header) => {
    if (keys.length === 0) throw new TokenError("keys-unavailable", "no key of the set is admitted");
    return local({ ...header });
  };
  return { find, count: () => keys.length };
}

function openRemote(source: RemoteSource, onProblem: OnKeyProblem): Admitted {
  let count = 0;
  const fetchKeys = async (...request: Parameters<FetchImplementation>): Promise<Response> => {
    const { keys, problems } = admitKeys(await fetchKeySet(...request));
    for (const problem of problems) onProblem(problem);
    if (keys.length === 0) throw new TokenError("keys-unavailable", "no key of the set is admitted");
    count = keys.length;
    return Response.json({ keys });
  };
  const remote: ReturnType<typeof createRemoteJWKSet> = createRemoteJWKSet(source.url, {
    cacheMaxAge: source.cacheMaxAgeMs,
    cooldownDuration: source.cooldownMs,
    timeoutDuration: source.timeoutMs,
    [customFetch]: withCooldown(fetchKeys, () => (remote.fresh ? source.cooldownMs : RETRY_MS), onProblem),
  });
  return { find: (header) => remote({ ...header }), count: () => count };
}

/** While there is no set at all, a server that failed is asked again after this long. */
const RETRY_MS = 1_000;

/**
 * The library cools down after a fetch that succeeded; a server that fails would be asked again by every token. What it
 * failed with is repeated until the cool-down is over.
 */
function withCooldown(
  fetchKeys: FetchImplementation,
  cooldownMs: () => number,
  onProblem: OnKeyProblem,
): FetchImplementation {
  let failed: { readonly atMs: number; readonly error: unknown } | undefined;
  return async (...request) => {
    if (failed !== undefined && systemClock.monotonicMs() - failed.atMs < cooldownMs()) throw failed.error;
    try {
      const response = await fetchKeys(...request);
      failed = undefined;
      return response;
    } catch (error) {
      failed = { atMs: systemClock.monotonicMs(), error };
      onProblem(error instanceof TokenError ? error.reason : "the key set could not be fetched");
      throw error;
    }
  };
}

const KEY_SET_BYTES_MAX = 256 * 1024;
const KEY_SET_DEPTH_MAX = 6;

/** Redirects are not followed: the address was configured, and only it is trusted. @throws TokenError `keys-unavailable` */
async function fetchKeySet(
  url: string,
  options: Parameters<FetchImplementation>[1],
): Promise<readonly unknown[]> {
  const response = await fetch(url, { ...options, redirect: "manual" });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new TokenError("keys-unavailable", `the key set answered with status ${response.status}`);
  }
  const set = readKeySet(await readBounded(response));
  if (!Array.isArray(set["keys"])) throw new TokenError("keys-unavailable", "the key set has no keys");
  return set["keys"] as readonly unknown[];
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > KEY_SET_BYTES_MAX) throw new TokenError("keys-unavailable", "the key set is too large");
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function readKeySet(bytes: Uint8Array): ReturnType<typeof readJsonObject> {
  try {
    return readJsonObject(bytes, KEY_SET_DEPTH_MAX);
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
    throw new TokenError("keys-unavailable", `the key set is ${error.message}`, error);
  }
}

/** A key set that answers with an error or with nonsense is no fault of the token. */
function asTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  const isToken =
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported;
  if (isToken) return new TokenError("invalid", error.code, error);
  return new TokenError("keys-unavailable", "the key set could not be read", error);
}
