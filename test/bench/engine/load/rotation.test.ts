import { describe, expect, it } from "vitest";
import { rotationOf } from "./rotation.js";

describe("the rotation of requests", () => {
  it("holds each pair of token and body once, in an order that the seed repeats", () => {
    const rotation = rotationOf(3, 4, 9);
    expect(new Set(rotation.map(String)).size).toBe(12);
    expect(rotation).toEqual(rotationOf(3, 4, 9));
    expect(rotation).not.toEqual(rotationOf(3, 4, 10));
  });

  it("holds each body once where nobody is asked who they are", () => {
    expect(
      rotationOf(0, 3, 1)
        .map(([, body]) => body)
        .toSorted(),
    ).toEqual([0, 1, 2]);
  });
});
