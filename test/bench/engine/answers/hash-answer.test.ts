import { describe, expect, it } from "vitest";
import { differences, hashAnswer } from "./hash-answer.js";

describe("an answer's hash", () => {
  it("is the same for the same members in another order, at any depth", () => {
    expect(hashAnswer({ a: 1, b: [{ c: "x", d: null }] })).toBe(
      hashAnswer({ b: [{ d: null, c: "x" }], a: 1 }),
    );
  });

  it.each([
    ["another value", { a: 2 }],
    ["a value of another type", { a: "1" }],
    ["a null", { a: null }],
    ["a further member", { a: 1, b: 1 }],
    ["a list", [1]],
  ])("is another for %s", (_what, other) => {
    expect(hashAnswer(other)).not.toBe(hashAnswer({ a: 1 }));
  });

  it("is another for a list in another order", () => {
    expect(hashAnswer([1, 2])).not.toBe(hashAnswer([2, 1]));
  });
});

describe("the differences of two answers", () => {
  it("are none where the hashes agree", () => {
    expect(differences({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } })).toEqual([]);
  });

  it("name the places, what stands on either side, and no more of them than asked for", () => {
    const left = { merchant: { id: "m", months: [{ n: 1 }, { n: 2 }] } };
    const right = { merchant: { id: "m", months: [{ n: 1 }, { n: 3 }, { n: 4 }] } };
    expect(differences(left, right)).toEqual([
      "data.merchant.months[1].n: 2 | 3",
      'data.merchant.months[2]: absent | {"n":4}',
    ]);
    expect(differences(left, right, 1)).toHaveLength(1);
  });
});
