import { describe, expect, it } from "vitest";
import {
  createSpendProof,
  type ReplayGuard,
  type SpendableProof,
  type SpendProof,
} from "../../../gateway/authenticate/spend-proof.js";
import { BureauError } from "../../../schema/errors.js";

const AGE = 60;
const AHEAD = 5;
const SKEW = 10;
const START_MS = Date.parse("2026-03-01T00:00:00Z");

/** Time as the test tells it. */
class World {
  ms = 0;
  clock() {
    return { now: () => new Date(START_MS + this.ms), monotonicMs: () => this.ms };
  }
}

async function outcomeOf(
  spend: SpendProof,
  proof: SpendableProof,
): Promise<{ readonly code: string; readonly nonce: string | undefined }> {
  try {
    return { code: "ACCEPTED", nonce: await spend(proof) };
  } catch (error) {
    if (!(error instanceof BureauError)) throw error;
    return { code: error.code, nonce: error.facts["nonce"] as string | undefined };
  }
}

describe("one instance by itself", () => {
  function alone(proofsMax = 100): { world: World; spend: SpendProof } {
    const world = new World();
    const limits = { ageMaxSeconds: AGE, aheadMaxSeconds: AHEAD, clockSkewSeconds: SKEW };
    return {
      world,
      spend: createSpendProof({ ...limits, clock: world.clock(), guard: undefined, proofsMax }),
    };
  }
  const at = (world: World, jti: string, nonce?: string): SpendableProof => ({
    thumbprint: "t",
    jti,
    iat: Math.floor((START_MS + world.ms) / 1_000),
    nonce,
  });

  it("asks for its nonce, takes it to the end of the next minute, and hands out the next in time", async () => {
    const { world, spend } = alone();
    const asked = await outcomeOf(spend, at(world, "1"));
    expect(asked.code).toBe("DPOP_NONCE_REQUIRED");
    expect(await outcomeOf(spend, at(world, "2", asked.nonce))).toEqual({
      code: "ACCEPTED",
      nonce: undefined,
    });
    world.ms = 119_999;
    const aging = await outcomeOf(spend, at(world, "3", asked.nonce));
    expect(aging.code).toBe("ACCEPTED");
    expect(aging.nonce).toMatch(/^[\w-]{43}$/);
    expect(aging.nonce).not.toBe(asked.nonce);
    world.ms = 120_000;
    expect(await outcomeOf(spend, at(world, "4", asked.nonce))).toMatchObject({
      code: "DPOP_NONCE_REQUIRED",
    });
    expect(await outcomeOf(spend, at(world, "5", aging.nonce))).toMatchObject({ code: "ACCEPTED" });
  });

  it("refuses with SERVICE_UNAVAILABLE when it can remember no more, and forgets only what is out of date", async () => {
    const { world, spend } = alone(3);
    const { nonce } = await outcomeOf(spend, at(world, "0"));
    for (const jti of ["1", "2", "3"])
      expect((await outcomeOf(spend, at(world, jti, nonce))).code).toBe("ACCEPTED");
    expect((await outcomeOf(spend, at(world, "4", nonce))).code).toBe("SERVICE_UNAVAILABLE");
    expect((await outcomeOf(spend, at(world, "1", nonce))).code).toBe("DPOP_PROOF_REPLAYED");
    world.ms = 120_000;
    const next = await outcomeOf(spend, at(world, "5", nonce));
    expect((await outcomeOf(spend, at(world, "6", next.nonce))).code).toBe("ACCEPTED");
  });

  it("sends a client with an own nonce on to the shared memory when only its own is full", async () => {
    const world = new World();
    let reaches = false;
    const guard: ReplayGuard = { claim: async () => ({ memoryMs: reaches ? 1e12 : 0 }) };
    const limits = { ageMaxSeconds: AGE, aheadMaxSeconds: AHEAD, clockSkewSeconds: SKEW };
    const spend = createSpendProof({ ...limits, clock: world.clock(), guard, proofsMax: 1 });
    const { nonce } = await outcomeOf(spend, at(world, "0"));
    expect((await outcomeOf(spend, at(world, "1", nonce))).code).toBe("ACCEPTED");
    reaches = true;
    const moved = await outcomeOf(spend, at(world, "2", nonce));
    expect(moved).toEqual({ code: "DPOP_NONCE_REQUIRED", nonce: "shared" });
    expect((await outcomeOf(spend, at(world, "3", moved.nonce))).code).toBe("ACCEPTED");
  });

  it("keeps proofs of different keys apart, however their names are put together", async () => {
    const { world, spend } = alone();
    const { nonce } = await outcomeOf(spend, at(world, "0"));
    for (const [thumbprint, jti] of [
      ["ab", "c"],
      ["a", "bc"],
      ['a","b', "c"],
      ["a", 'b","c'],
    ] as const) {
      const proof = { ...at(world, jti, nonce), thumbprint };
      expect((await outcomeOf(spend, proof)).code).toBe("ACCEPTED");
      expect((await outcomeOf(spend, proof)).code).toBe("DPOP_PROOF_REPLAYED");
    }
  });
});
