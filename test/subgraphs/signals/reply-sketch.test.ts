import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  REPLY_GAMMA,
  replyQuantile,
  secondsOfBucket,
} from "../../../subgraphs/signals/reviews/reply-sketch.js";

const bucketOf = (seconds: number) => Math.ceil(Math.log(Math.max(1, seconds)) / Math.log(REPLY_GAMMA));

describe("the sketch of reply times", () => {
  it("gives any quantile within one per cent", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 * 86_400 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seconds, quantile) => {
          const exact = [...seconds].sort((a, b) => a - b)[Math.floor(quantile * (seconds.length - 1))] ?? 0;
          const sketched =
            replyQuantile(
              seconds.map((value) => ({ bucket: bucketOf(value), count: 1 })),
              quantile,
            ) ?? 0;
          expect(Math.abs(sketched - exact) / exact).toBeLessThan(0.01);
        },
      ),
    );
  });

  it("adds buckets in any order and ignores empty ones", () => {
    const buckets = [
      { bucket: 300, count: 2 },
      { bucket: 10, count: 0 },
      { bucket: 200, count: 1 },
    ];
    expect(replyQuantile(buckets, 0.5)).toBe(secondsOfBucket(300));
    expect(replyQuantile(buckets, 0)).toBe(secondsOfBucket(200));
  });

  it("knows nothing without replies", () => {
    expect(replyQuantile([], 0.5)).toBeUndefined();
    expect(replyQuantile([{ bucket: 3, count: 0 }], 0.5)).toBeUndefined();
  });
});
