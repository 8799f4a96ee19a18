import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../foundation/clock.js";

/** Any instance takes it, and it proves nothing: what a client is told to send once a nonce is no longer needed. */
export const SHARED_NONCE = "shared";

const WINDOW_MS = 60_000;

/** Where a nonce is from: this process, within its life; everyone and no one; or anywhere else. */
export type NonceOrigin = "own" | "shared" | "foreign";

/** What became of a proof that carries a nonce of this process. */
export type NonceClaim = "fresh" | "seen" | "full";

/**
 * Nonces of one process (RFC 9449 section 9), and the proofs that were made with them. A nonce is a MAC of the present
 * minute under a key that the process made for itself and tells nobody: no other instance can have accepted a proof that
 * carries it, so what this process remembers is all there is. A nonce lives until the end of the next minute; so does the
 * memory of its proofs.
 */
export class ProofNonces {
  readonly #key = randomBytes(32);
  readonly #clock: Clock;
  readonly #proofsMax: number;
  /** Proofs by the minute of their nonce. */
  readonly #proofs = new Map<number, Set<string>>();

  constructor(clock: Clock, proofsMax: number) {
    this.#clock = clock;
    this.#proofsMax = proofsMax;
  }

  /** The nonce of the present minute. */
  issue(): string {
    return this.#nonceOf(this.#minute());
  }

  /** True for a nonce that still holds but will not for long. */
  isAging(nonce: string): boolean {
    return this.#minuteOf(nonce) === this.#minute() - 1;
  }

  originOf(nonce: string): NonceOrigin {
    if (nonce === SHARED_NONCE) return "shared";
    return this.#minuteOf(nonce) === undefined ? "foreign" : "own";
  }

  /** Remembers a proof with an own nonce; the memory is bounded and refuses rather than forgets. */
  claim(nonce: string, proof: string): NonceClaim {
    const minute = this.#minuteOf(nonce);
    if (minute === undefined) return "seen";
    for (const past of this.#proofs.keys()) if (past < this.#minute() - 1) this.#proofs.delete(past);
    const proofs = this.#proofs.get(minute) ?? new Set<string>();
    this.#proofs.set(minute, proofs);
    if (proofs.has(proof)) return "seen";
    if (this.size >= this.#proofsMax) return "full";
    proofs.add(proof);
    return "fresh";
  }

  /** Proofs remembered now. */
  get size(): number {
    return [...this.#proofs.values()].reduce((sum, proofs) => sum + proofs.size, 0);
  }

  #minute(): number {
    return Math.floor(this.#clock.monotonicMs() / WINDOW_MS);
  }

  #minuteOf(nonce: string): number | undefined {
    const minute = this.#minute();
    return [minute, minute - 1].find((candidate) => isSame(nonce, this.#nonceOf(candidate)));
  }

  #nonceOf(minute: number): string {
    return createHmac("sha256", this.#key).update(`dpop-nonce ${minute}`).digest("base64url");
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
