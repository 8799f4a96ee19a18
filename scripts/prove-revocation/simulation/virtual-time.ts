import type { Timers } from "../../../foundation/clock.js";

interface Event {
  readonly atMs: number;
  /** Breaks ties: what was planned first happens first. */
  readonly order: number;
  /** It settles no promise: nobody has to be waited for. */
  readonly isSilent: boolean;
  run: (() => void) | undefined;
}

/**
 * Time that passes only when nothing is left to do. Events happen one by one in the order of their instants, and every
 * promise that an event settles is followed to its end before the next event: the same seed gives the same history.
 */
export class VirtualTime implements Timers {
  #nowMs = 0;
  #order = 0;
  #instants = 0;
  readonly #heap: Event[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Now, as a number that is greater each time it is asked for: what happened before what, within one millisecond too. */
  instant(): number {
    return this.#nowMs + ++this.#instants * 1e-9;
  }

  after(delayMs: number, run: () => void): () => void {
    const event = this.#plan(delayMs, run, false);
    return () => {
      event.run = undefined;
    };
  }

  /** Like `after`, for what settles no promise; it costs a tenth. */
  silently(delayMs: number, run: () => void): void {
    this.#plan(delayMs, run, true);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  #plan(delayMs: number, run: () => void, isSilent: boolean): Event {
    const event = { atMs: this.#nowMs + Math.max(0, delayMs), order: ++this.#order, isSilent, run };
    this.#push(event);
    return event;
  }

  /** Lets everything happen that is due until an instant. */
  async run(untilMs: number): Promise<void> {
    for (let event = this.#heap[0]; event !== undefined && event.atMs <= untilMs; event = this.#heap[0]) {
      this.#pop();
      if (event.run === undefined) continue;
      this.#nowMs = event.atMs;
      event.run();
      // The queue of settled promises is empty when the event loop comes round.
      if (!event.isSilent) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = untilMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (isBefore(heap[child + 1], heap[child] as Event)) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event | undefined, b: Event): boolean {
  return a !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
}

/** One operating-system process: it can be stopped for a while, and it can be killed. */
export class Machine implements Timers {
  #isAlive = true;
  #stoppedUntilMs = 0;
  #stoppedMs = 0;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStopped(): boolean {
    return this.#time.nowMs < this.#stoppedUntilMs;
  }

  /** Milliseconds for which it stood still, until now. */
  get stoppedMs(): number {
    return this.#stoppedMs;
  }

  /** Whatever reaches this process: late while it is stopped, never when it is dead. */
  after(delayMs: number, run: () => void): () => void {
    let isCancelled = false;
    const arrive = (): void => {
      if (isCancelled || !this.#isAlive) return;
      const waitMs = this.#stoppedUntilMs - this.#time.nowMs;
      if (waitMs > 0) this.#time.after(waitMs, arrive);
      else run();
    };
    this.#time.after(delayMs, arrive);
    return () => {
      isCancelled = true;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** SIGSTOP, and SIGCONT after a while. */
  stopFor(durationMs: number): void {
    const untilMs = this.#time.nowMs + durationMs;
    this.#stoppedMs += Math.max(0, untilMs - Math.max(this.#stoppedUntilMs, this.#time.nowMs));
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, untilMs);
  }

  /** SIGKILL. */
  kill(): void {
    this.#isAlive = false;
  }
}
