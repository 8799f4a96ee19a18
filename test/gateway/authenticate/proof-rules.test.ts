import { describe, expect, it } from "vitest";
import {
  fitsAddress,
  fitsOwnLimits,
  fitsTime,
  type ProofContext,
} from "../../../gateway/authenticate/proof-rules.js";

const NOW = 1_772_323_200;
const context: ProofContext = {
  method: "POST",
  url: "https://bureau.example/graphql?x=1",
  token: "token",
  nowSeconds: NOW,
  ageMaxSeconds: 60,
  aheadMaxSeconds: 5,
};

describe("the time of a proof", () => {
  it.each([
    [-60, true],
    [-61, false],
    [5, true],
    [6, false],
    [61, false],
    [0.5, false],
  ])("of %s s from now is fresh: %s", (offset, isFresh) => {
    expect(fitsTime({ iat: NOW + offset }, context) === undefined).toBe(isFresh);
  });

  it.each([
    [{ exp: NOW - 4 }, true],
    [{ exp: NOW - 5 }, false],
    [{ nbf: NOW + 5 }, true],
    [{ nbf: NOW + 6 }, false],
    [{ exp: "never" }, false],
    [{ nbf: null }, false],
    [{}, true],
  ])("with limits of its own %o is honoured: %s", (limits, isLive) => {
    expect(fitsOwnLimits(limits, context) === undefined).toBe(isLive);
  });
});

describe("the address of a proof", () => {
  it("is told to a client that has it wrong", () => {
    expect(fitsAddress({ htu: "https://bureau.example/" }, context)).toBe(
      "htu must be https://bureau.example/graphql",
    );
  });

  it("never fits an address that cannot be read, even when ours cannot be either", () => {
    expect(fitsAddress({ htu: "no address" }, { ...context, url: "no address" })).toBeDefined();
  });
});
