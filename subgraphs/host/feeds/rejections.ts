import type { FeedRejection } from "../../../schema/ports.js";

/** How many rejections of a batch are kept; the rest are only counted. */
export const REJECTIONS_MAX = 1_000;

/** Collects the rejections of one batch: counts all, keeps the first by line. */
export class Rejections {
  #count = 0;
  #kept: FeedRejection[] = [];
  #chunk: FeedRejection[] = [];

  /** Adds one of the present chunk; lines may come in any order within a chunk. */
  add(rejection: FeedRejection): void {
    this.#count += 1;
    this.#chunk.push(rejection);
    // Twice the limit may wait, so that a chunk of bad lines only is cut seldom and never grows.
    if (this.#chunk.length >= 2 * REJECTIONS_MAX) this.#chunk = byLine(this.#chunk).slice(0, REJECTIONS_MAX);
  }

  /** Ends a chunk: every line of the next one is later. */
  settle(): void {
    const room = REJECTIONS_MAX - this.#kept.length;
    if (room > 0) this.#kept.push(...byLine(this.#chunk).slice(0, room));
    this.#chunk = [];
  }

  get count(): number {
    return this.#count;
  }

  get kept(): readonly FeedRejection[] {
    return this.#kept;
  }
}

function byLine(rejections: readonly FeedRejection[]): FeedRejection[] {
  return rejections.toSorted((left, right) => left.line - right.line);
}
