import { BureauError } from "../schema/errors.js";
import { systemTimers, type Timers } from "./clock.js";

export interface CoalescerOptions<Item, Result> {
  /**
   * Sends one batch; answers in the order of the items, one answer an item. Never called on a lane whose batch is out;
   * lanes are numbered from 0.
   */
  run(items: readonly Item[], lane: number): Promise<readonly Result[]>;
  /** How long one batch may be on the wire before its waiters are turned away. */
  readonly timeoutMs: number;
  /** Items in one batch. */
  readonly itemsMax: number;
  /** Batches that may be on the wire at the same time. Default: one. */
  readonly lanes?: number;
  /** Items waiting for the batches to come; more are turned away at once. Default: ten batches. */
  readonly waitingMax?: number;
  /** Called when a batch timed out, before the next one is sent on its lane: destroy what it was sent on. */
  onTimeout?(lane: number): void;
  /** Default: the machine's own. */
  readonly timers?: Timers;
}

/** Many callers, one question on the wire. */
export interface Coalescer<Item, Result> {
  /**
   * Asks about one item.
   * @throws SERVICE_UNAVAILABLE when too many wait
   * @throws DEADLINE_EXCEEDED when the batch timed out
   * @throws what `run` threw, to each waiter of that batch
   */
  call(item: Item): Promise<Result>;
}

interface Waiter<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Shares one read among all who wait for it, and keeps it linearizable: a caller joins the next batch, never one that is
 * on the wire. A batch on the wire may have been answered by the server before the caller came, so its answer could be
 * older than the call; the next batch is sent after the call and cannot be. All who wait when a lane is free go together.
 */
export function createCoalescer<Item, Result>(
  options: CoalescerOptions<Item, Result>,
): Coalescer<Item, Result> {
  const { itemsMax, lanes = 1, waitingMax = itemsMax * 10 } = options;
  const waiting: Waiter<Item, Result>[] = [];
  const idle = Array.from({ length: lanes }, (_, lane) => lane).toReversed();

  async function drain(lane: number): Promise<void> {
    // Callers of the same turn share the first batch too: nothing is on the wire before this line has run.
    await Promise.resolve();
    while (waiting.length > 0) {
      await sendBatch(waiting.splice(0, itemsMax), lane, options);
    }
    idle.push(lane);
  }

  return {
    call: (item) => {
      if (waiting.length >= waitingMax) {
        return Promise.reject(new BureauError("SERVICE_UNAVAILABLE", `${waitingMax} items wait already`));
      }
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        const lane = idle.pop();
        if (lane !== undefined) void drain(lane);
      });
    },
  };
}

/** Never rejects: every outcome goes to the waiters. */
async function sendBatch<Item, Result>(
  batch: readonly Waiter<Item, Result>[],
  lane: number,
  options: CoalescerOptions<Item, Result>,
): Promise<void> {
  const { timers = systemTimers, timeoutMs } = options;
  let cancel = (): void => {};
  const expired = new Promise<never>((_resolve, reject) => {
    cancel = timers.after(timeoutMs, () => {
      reject(new BureauError("DEADLINE_EXCEEDED", `no answer within ${timeoutMs} ms`));
      options.onTimeout?.(lane);
    });
  });
  try {
    const answered = Promise.resolve(
      options.run(
        batch.map((waiter) => waiter.item),
        lane,
      ),
    );
    const results = await Promise.race([answered, expired]);
    if (results.length !== batch.length) {
      throw new TypeError(`a batch of ${batch.length} got ${results.length} answers`);
    }
    for (const [index, waiter] of batch.entries()) waiter.resolve(results[index] as Result);
  } catch (error) {
    for (const waiter of batch) waiter.reject(error);
  } finally {
    cancel();
  }
}
