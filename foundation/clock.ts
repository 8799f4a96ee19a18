/** The time, as the process may know it. Nothing else in the source reads the system clock. */
export interface Clock {
  /** The instant now. */
  now(): Date;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};

/** Timers, as the process may set them; a test or a simulation hands in its own. */
export interface Timers {
  /** Calls `run` once, in `delayMs` milliseconds, unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void;
}

/** The timers of the machine. */
export const systemTimers: Timers = {
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
