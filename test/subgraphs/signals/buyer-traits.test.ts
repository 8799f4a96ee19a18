import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { K_MIN, summarizeTraits } from "../../../subgraphs/signals/social/buyer-traits.js";

const age = (bucket: string, count: number) => ({ trait: "age", bucket, count });

describe("buyer traits", () => {
  it("leave whole when every bucket has ten people", () => {
    expect(summarizeTraits([age("18-24", 10), age("25-34", 40)])).toEqual([
      {
        trait: "age",
        buckets: [
          { bucket: "25-34", count: 40 },
          { bucket: "18-24", count: 10 },
        ],
        suppressed: 0,
      },
    ]);
  });

  it("withhold two buckets below ten, and no others", () => {
    const [summary] = summarizeTraits([age("a", 9), age("b", 40), age("c", 3), age("d", 12)]);
    expect(summary).toEqual({
      trait: "age",
      buckets: [
        { bucket: "b", count: 40 },
        { bucket: "d", count: 12 },
      ],
      suppressed: 2,
    });
  });

  it("withhold the smallest other bucket with a single one below ten", () => {
    const [summary] = summarizeTraits([age("a", 9), age("b", 40), age("d", 12)]);
    expect(summary).toEqual({ trait: "age", buckets: [{ bucket: "b", count: 40 }], suppressed: 2 });
  });

  it("judge each trait on its own", () => {
    const summaries = summarizeTraits([
      age("a", 50),
      age("b", 50),
      { trait: "region", bucket: "x", count: 1 },
    ]);
    expect(summaries.map(({ trait, suppressed }) => [trait, suppressed])).toEqual([
      ["age", 0],
      ["region", 1],
    ]);
  });

  it("never show a small bucket nor hide exactly one beside others", () => {
    const traits = fc.array(
      fc.record({
        trait: fc.constantFrom("a", "b"),
        bucket: fc.constantFrom("1", "2", "3", "4"),
        count: fc.nat(25),
      }),
    );
    fc.assert(
      fc.property(traits, (list) => {
        for (const { buckets, suppressed } of summarizeTraits(list)) {
          expect(buckets.every(({ count }) => count >= K_MIN)).toBe(true);
          expect(suppressed === 1 && buckets.length > 0).toBe(false);
        }
      }),
    );
  });
});
