import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createCoalescer } from "../../foundation/coalescer.js";

interface Wire {
  readonly lane: number;
  readonly items: readonly string[];
  answer(results?: readonly string[]): void;
  fail(error: Error): void;
}

/** A coalescer whose batches wait on the wire until the test answers them. */
function createWire(
  options: { itemsMax?: number; waitingMax?: number; timeoutMs?: number; lanes?: number } = {},
) {
  const batches: Wire[] = [];
  const onTimeout = vi.fn();
  const coalescer = createCoalescer<string, string>({
    timeoutMs: options.timeoutMs ?? 10_000,
    itemsMax: options.itemsMax ?? 100,
    ...(options.waitingMax === undefined ? {} : { waitingMax: options.waitingMax }),
    ...(options.lanes === undefined ? {} : { lanes: options.lanes }),
    onTimeout,
    run: (items, lane) =>
      new Promise((resolve, reject) => {
        const echo = items.map((item) => item.toUpperCase());
        batches.push({ items, lane, answer: (results = echo) => resolve(results), fail: reject });
      }),
  });
  return { batches, coalescer, onTimeout };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a coalescer", () => {
  it("sends the callers of one turn together and gives each its own answer", async () => {
    const { batches, coalescer } = createWire();
    const answers = Promise.all(["a", "b", "c"].map((item) => coalescer.call(item)));
    await delay(0);
    expect(batches.map((batch) => batch.items)).toEqual([["a", "b", "c"]]);
    batches[0]?.answer();
    expect(await answers).toEqual(["A", "B", "C"]);
  });

  it("never lets a caller join the batch on the wire", async () => {
    const { batches, coalescer } = createWire();
    const first = coalescer.call("same");
    await delay(0);
    const late = coalescer.call("same");
    await delay(0);
    expect(batches).toHaveLength(1);
    batches[0]?.answer(["before"]);
    expect(await first).toBe("before");
    await delay(0);
    expect(batches).toHaveLength(2);
    batches[1]?.answer(["after"]);
    expect(await late).toBe("after");
  });

  it("never lets a caller join a batch that is answered but not yet handed out", async () => {
    const { batches, coalescer } = createWire();
    const first = coalescer.call("same");
    await delay(0);
    batches[0]?.answer(["before"]);
    const late = coalescer.call("same");
    expect(await first).toBe("before");
    await delay(0);
    batches[1]?.answer(["after"]);
    expect(await late).toBe("after");
  });

  it("keeps one batch on the wire at a time, and all who came meanwhile share the next", async () => {
    const { batches, coalescer } = createWire();
    const calls = [coalescer.call("1")];
    await delay(0);
    for (const item of ["2", "3", "4"]) {
      calls.push(coalescer.call(item));
      await delay(0);
    }
    expect(batches).toHaveLength(1);
    batches[0]?.answer();
    await delay(0);
    expect(batches[1]?.items).toEqual(["2", "3", "4"]);
    batches[1]?.answer();
    expect(await Promise.all(calls)).toEqual(["1", "2", "3", "4"]);
  });

  it("sends again after it has been idle", async () => {
    const { batches, coalescer } = createWire();
    for (const round of [0, 1, 2]) {
      const call = coalescer.call("x");
      await delay(0);
      batches[round]?.answer();
      expect(await call).toBe("X");
    }
    expect(batches).toHaveLength(3);
  });

  it("splits what waits into batches of the greatest size, in order", async () => {
    const { batches, coalescer } = createWire({ itemsMax: 2 });
    const calls = Promise.all(["a", "b", "c"].map((item) => coalescer.call(item)));
    await delay(0);
    batches[0]?.answer();
    await delay(0);
    batches[1]?.answer();
    expect(await calls).toEqual(["A", "B", "C"]);
    expect(batches.map((batch) => batch.items)).toEqual([["a", "b"], ["c"]]);
  });

  it("turns callers away when too many wait, and takes them again when there is room", async () => {
    const { batches, coalescer } = createWire({ waitingMax: 2 });
    const wired = coalescer.call("wired");
    await delay(0);
    const waiting = [coalescer.call("1"), coalescer.call("2")];
    await expect(coalescer.call("3")).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    batches[0]?.answer();
    await wired;
    await delay(0);
    const next = coalescer.call("4");
    batches[1]?.answer();
    await Promise.all(waiting);
    await delay(0);
    batches[2]?.answer();
    expect(await next).toBe("4");
  });
});

describe("a coalescer with two lanes", () => {
  it("has two batches out at most, which nobody joins, and all who came meanwhile share the next", async () => {
    const { batches, coalescer } = createWire({ lanes: 2 });
    const calls = [coalescer.call("1")];
    await delay(0);
    calls.push(coalescer.call("2"), coalescer.call("3"));
    await delay(0);
    for (const item of ["4", "5", "6"]) {
      calls.push(coalescer.call(item));
      await delay(0);
    }
    expect(batches.map(({ items, lane }) => [lane, ...items])).toEqual([
      [0, "1"],
      [1, "2", "3"],
    ]);
    batches[1]?.answer();
    await delay(0);
    expect(batches[2]).toMatchObject({ lane: 1, items: ["4", "5", "6"] });
    batches[2]?.answer();
    batches[0]?.answer();
    expect(await Promise.all(calls)).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("never has two batches out on one lane, and goes on with both after it was idle", async () => {
    const { batches, coalescer } = createWire({ lanes: 2 });
    for (let round = 0; round < 6; round += 2) {
      const calls = [coalescer.call("a")];
      await delay(0);
      calls.push(coalescer.call("b"));
      await delay(0);
      const [first, second] = batches.slice(round);
      expect(new Set([first?.lane, second?.lane])).toEqual(new Set([0, 1]));
      first?.answer();
      second?.answer();
      await Promise.all(calls);
    }
  });

  it("gives up the lane that is late and leaves the other alone", async () => {
    vi.useFakeTimers();
    const { batches, coalescer, onTimeout } = createWire({ lanes: 2, timeoutMs: 50 });
    const slow = coalescer.call("slow").catch((error: { code: string }) => error.code);
    await vi.advanceTimersByTimeAsync(20);
    const good = coalescer.call("good");
    await vi.advanceTimersByTimeAsync(30);
    expect(await slow).toBe("DEADLINE_EXCEEDED");
    expect(onTimeout.mock.calls).toEqual([[0]]);
    batches[1]?.answer();
    expect(await good).toBe("GOOD");
  });
});

describe("a batch that goes wrong", () => {
  it("fails for each of its waiters and for nobody else", async () => {
    const { batches, coalescer } = createWire();
    const failed = [coalescer.call("a"), coalescer.call("b")].map((call) =>
      call.catch((error: Error) => error.message),
    );
    await delay(0);
    const next = coalescer.call("c");
    batches[0]?.fail(new Error("cut off"));
    expect(await Promise.all(failed)).toEqual(["cut off", "cut off"]);
    await delay(0);
    batches[1]?.answer();
    expect(await next).toBe("C");
  });

  it("times out, has its connection destroyed first, and its late answer reaches nobody", async () => {
    vi.useFakeTimers();
    const { batches, coalescer, onTimeout } = createWire({ timeoutMs: 50 });
    const slow = coalescer.call("same").catch((error: { code: string }) => error.code);
    await vi.advanceTimersByTimeAsync(10);
    const next = coalescer.call("same");
    await vi.advanceTimersByTimeAsync(39);
    expect(onTimeout).not.toHaveBeenCalled();
    onTimeout.mockImplementation(() => expect(batches).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(1);
    expect(await slow).toBe("DEADLINE_EXCEEDED");
    expect(onTimeout).toHaveBeenCalledOnce();
    batches[0]?.answer(["too late"]);
    await vi.advanceTimersByTimeAsync(0);
    batches[1]?.answer(["in time"]);
    expect(await next).toBe("in time");
  });

  it("times out by the timers it was given, and takes the timer back when its answer came", async () => {
    const due: (() => void)[] = [];
    const cancelled: number[] = [];
    const coalescer = createCoalescer<string, string>({
      timeoutMs: 50,
      itemsMax: 10,
      run: (items) => (items[0] === "slow" ? new Promise(() => {}) : Promise.resolve(items)),
      timers: { after: (delayMs, run) => (due.push(run), () => cancelled.push(delayMs)) },
    });
    expect(await coalescer.call("quick")).toBe("quick");
    expect(cancelled).toEqual([50]);
    const slow = coalescer.call("slow");
    await delay(0);
    due[1]?.();
    await expect(slow).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("does not pass for an answer when it has too few results", async () => {
    const { batches, coalescer } = createWire();
    const call = coalescer.call("a");
    await delay(0);
    batches[0]?.answer([]);
    await expect(call).rejects.toThrow(TypeError);
  });

  it("may throw before it is sent", async () => {
    const coalescer = createCoalescer<string, string>({
      timeoutMs: 1_000,
      itemsMax: 10,
      run: () => {
        throw new Error("no connection");
      },
    });
    await expect(coalescer.call("a")).rejects.toThrow("no connection");
    await expect(coalescer.call("b")).rejects.toThrow("no connection");
  });
});
