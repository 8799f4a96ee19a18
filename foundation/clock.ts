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
