import type { Random } from "../../market/random.js";
import type { VirtualTime } from "./virtual-time.js";

export const DIRECTIONS = ["request", "reply"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A while in which a gateway and the database are apart, in one direction or both. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly directions: readonly Direction[];
  /** TCP sends again what was held up; but a connection may also never recover. */
  readonly loses: boolean;
}

/** The way between one gateway and the database. */
export class Link {
  /** Messages that an outage held up or lost. */
  hindered = 0;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #outages: Outage[];

  constructor(time: VirtualTime, random: Random, outages: readonly Outage[]) {
    this.#time = time;
    this.#random = random;
    this.#outages = [...outages];
  }

  add(outage: Outage): void {
    this.#outages.push(outage);
  }

  /** Milliseconds until a message that is sent now arrives; `undefined` when it never does. */
  delayMs(direction: Direction): number | undefined {
    const nowMs = this.#time.nowMs;
    if (this.#random.chance(0.01)) return undefined;
    let atMs = nowMs + this.#latencyMs(direction);
    for (const outage of this.#outages) {
      const isAway = atMs >= outage.fromMs && nowMs < outage.untilMs;
      if (!isAway || !outage.directions.includes(direction)) continue;
      this.hindered += 1;
      if (outage.loses) return undefined;
      atMs = Math.max(atMs, outage.untilMs + this.#random.between(0, 4));
    }
    return atMs - nowMs;
  }

  /** Mostly quick; now and then slower than a release check may be old, or just slower than a ledger waits. */
  #latencyMs(direction: Direction): number {
    const kind = this.#random.unit();
    if (kind < 0.8) return this.#random.between(0.2, 4);
    if (kind < 0.95 || direction === "request") return this.#random.between(4, 60);
    return this.#random.between(245, 300);
  }
}
