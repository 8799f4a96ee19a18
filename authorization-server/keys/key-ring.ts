import type { Key } from "../../foundation/tokens.js";

/** A signing key and its life. Instants are RFC 3339. */
export interface RingKey {
  readonly jwk: Key;
  readonly createdAt: string;
  /** From here on it signs, unless a newer one does. Published before, so that whoever verifies has it by then. */
  readonly signsFrom: string;
  /** From here on it is not published: whatever it signed has expired. Absent while no other took its place. */
  readonly publishedUntil?: string;
}

/** The signing keys of an authorization server, oldest first. */
export type KeyRing = readonly RingKey[];

export const KEY_STATES = ["NEXT", "SIGNING", "RETIRED"] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** How long a new key is published before it signs, and an old one after it stopped. */
export interface RotationTimes {
  readonly aheadSeconds: number;
  readonly afterSeconds: number;
}

/** The keys whose public halves are published at an instant, in the order of the ring. */
export function publishedKeys(ring: KeyRing, now: Date): KeyRing {
  return ring.filter(
    ({ publishedUntil }) => publishedUntil === undefined || now.getTime() < Date.parse(publishedUntil),
  );
}

/** The key that signs at an instant: the newest whose time has come. @throws Error when the ring has none */
export function signingKey(ring: KeyRing, now: Date): RingKey {
  const ready = publishedKeys(ring, now).filter(({ signsFrom }) => Date.parse(signsFrom) <= now.getTime());
  const newest = ready.toSorted((a, b) => Date.parse(a.signsFrom) - Date.parse(b.signsFrom)).at(-1);
  if (newest === undefined) throw new Error("no signing key is ready");
  return newest;
}

/** What a key of the ring does at an instant. */
export function stateOfKey(ring: KeyRing, key: RingKey, now: Date): KeyState {
  if (Date.parse(key.signsFrom) > now.getTime()) return "NEXT";
  return signingKey(ring, now).jwk.kid === key.jwk.kid ? "SIGNING" : "RETIRED";
}

/**
 * The ring with a new key that will take over; keys whose time is over are left out.
 * @throws Error while another new key is waiting for its turn: it would never sign
 */
export function rotateRing(
  ring: KeyRing,
  jwk: Key,
  { now, times }: { now: Date; times: RotationTimes },
): KeyRing {
  const waiting = ring.find(({ signsFrom }) => Date.parse(signsFrom) > now.getTime());
  if (waiting !== undefined)
    throw new Error(`a new key is waiting already; it signs from ${waiting.signsFrom}`);
  const isFirst = publishedKeys(ring, now).length === 0;
  const signsFromMs = now.getTime() + (isFirst ? 0 : times.aheadSeconds * 1_000);
  const publishedUntil = new Date(signsFromMs + times.afterSeconds * 1_000).toISOString();
  const kept = publishedKeys(ring, now).map((key) =>
    key.publishedUntil === undefined ? { ...key, publishedUntil } : key,
  );
  return [...kept, { jwk, createdAt: now.toISOString(), signsFrom: new Date(signsFromMs).toISOString() }];
}
