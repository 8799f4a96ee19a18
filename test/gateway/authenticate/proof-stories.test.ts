import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Clock } from "../../../foundation/clock.js";
import { ProofNonces } from "../../../gateway/authenticate/proof-nonces.js";
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
  clock(offsetMs = 0): Clock {
    return { now: () => new Date(START_MS + this.ms + offsetMs), monotonicMs: () => this.ms };
  }
}

/** The shared memory: it can be flushed, and be out of reach of some, before or after it has done its work. */
class Store {
  readonly #world: World;
  #until = new Map<string, number>();
  #sinceMs: number;

  constructor(world: World) {
    this.#world = world;
    this.#sinceMs = world.ms;
  }

  flush(): void {
    this.#until = new Map();
    this.#sinceMs = this.#world.ms;
  }

  claim(proof: string, windowMs: number): "seen" | { memoryMs: number } {
    const until = this.#until.get(proof);
    if (until !== undefined && until > this.#world.ms) return "seen";
    this.#until.set(proof, this.#world.ms + windowMs);
    return { memoryMs: this.#world.ms - this.#sinceMs };
  }
}

type Reach = "whole" | "cut" | "deaf";

interface Instance {
  readonly spend: SpendProof;
  readonly clock: Clock;
  reach: Reach;
}

/** `weaken` is a fault that the property must find. */
type Weaken = (guard: ReplayGuard) => ReplayGuard;

function makeInstance(world: World, store: Store, offsetMs: number, weaken: Weaken): Instance {
  const clock = world.clock(offsetMs);
  const guard: ReplayGuard = {
    claim: async (proof, windowMs) => {
      if (instance.reach === "cut") return { memoryMs: 0 };
      const claimed = store.claim(proof, windowMs);
      return instance.reach === "deaf" ? { memoryMs: 0 } : claimed;
    },
  };
  const limits = { clock, ageMaxSeconds: AGE, aheadMaxSeconds: AHEAD, clockSkewSeconds: SKEW };
  const instance: Instance = {
    clock,
    reach: "whole",
    spend: createSpendProof({ ...limits, guard: weaken(guard), proofsMax: 100_000 }),
  };
  return instance;
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

const instanceIndex = fc.nat(2);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("fresh" as const),
      at: instanceIndex,
      aheadS: fc.integer({ min: -30, max: 5 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("replay" as const), at: instanceIndex, which: fc.nat(10) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("reach" as const),
      at: instanceIndex,
      reach: fc.constantFrom<Reach>("whole", "cut", "deaf"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("flush" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays a story on three instances whose clocks differ; resolves to the ids of proofs that were accepted twice. */
async function play(steps: readonly Step[], weaken: Weaken): Promise<{ twice: string[]; accepted: number }> {
  const world = new World();
  const store = new Store(world);
  const instances = [0, 4_000, -4_000].map((offset) => makeInstance(world, store, offset, weaken));
  const made: SpendableProof[] = [];
  const accepted = new Map<string, number>();
  let nonce: string | undefined;
  const present = async (proof: SpendableProof, { spend, clock }: Instance): Promise<void> => {
    // The second half of the door judges the time before a proof comes here.
    const nowSeconds = Math.floor(clock.now().getTime() / 1_000);
    if (proof.iat < nowSeconds - AGE || proof.iat > nowSeconds + AHEAD) return;
    const outcome = await outcomeOf(spend, proof);
    nonce = outcome.nonce ?? nonce;
    if (outcome.code === "ACCEPTED") accepted.set(proof.jti, (accepted.get(proof.jti) ?? 0) + 1);
  };
  for (const move of steps) {
    if (move.kind === "wait") world.ms += move.ms;
    else if (move.kind === "flush") store.flush();
    else {
      const instance = instances[move.at] as Instance;
      if (move.kind === "reach") instance.reach = move.reach;
      else if (move.kind === "replay") {
        const proof = made.at(-1 - move.which);
        if (proof !== undefined) await present(proof, instance);
      } else {
        const iat = Math.floor((START_MS + world.ms) / 1_000) + move.aheadS;
        const proof = { thumbprint: "t", jti: `p-${made.length}`, iat, nonce };
        made.push(proof);
        await present(proof, instance);
      }
    }
  }
  const twice = [...accepted].filter(([, times]) => times > 1).map(([jti]) => jti);
  return { twice, accepted: accepted.size };
}

const stories = fc.array(step, { minLength: 20, maxLength: 80, size: "max" });

describe("a proof", () => {
  it("is accepted once over all instances, whatever is cut off, lost or flushed, and whenever it comes", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(stories, async (steps) => {
        const played = await play(steps, (guard) => guard);
        accepted += played.accepted;
        expect(played.twice).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
    // The stories are not empty ones.
    expect(accepted).toBeGreaterThan(5_000);
  });

  const faults: readonly (readonly [name: string, weaken: Weaken])[] = [
    [
      "the age of the memory is not asked, so that a flush goes unnoticed",
      (guard) => ({
        claim: async (...proof) => {
          const claimed = await guard.claim(...proof);
          return claimed === "seen" || claimed.memoryMs === 0 ? claimed : { memoryMs: 1e12 };
        },
      }),
    ],
    [
      "a memory out of reach counts as one that saw nothing",
      (guard) => ({
        claim: async (...proof) => {
          const claimed = await guard.claim(...proof);
          return claimed !== "seen" && claimed.memoryMs === 0 ? { memoryMs: 1e12 } : claimed;
        },
      }),
    ],
    ["nothing is remembered together", () => ({ claim: async () => ({ memoryMs: 1e12 }) })],
    [
      "the memory forgets before the last instance does",
      (guard) => ({ claim: (proof, windowMs) => guard.claim(proof, windowMs / 10) }),
    ],
  ];
  it.each(faults)("would be accepted twice if %s", async (_fault, weaken) => {
    const details = await fc.check(
      fc.asyncProperty(stories, async (steps) => (await play(steps, weaken)).twice.length === 0),
      { numRuns: 3_000, endOnFailure: true },
    );
    expect(details.failed).toBe(true);
  });
});

it("is accepted once only because an instance that remembers takes no nonce of one that may be cut off", async () => {
  const real = Object.getOwnPropertyDescriptor(ProofNonces.prototype, "originOf")?.value as (
    this: ProofNonces,
    nonce: string,
  ) => "own" | "shared" | "foreign";
  const careless = vi.spyOn(ProofNonces.prototype, "originOf").mockImplementation(function (
    this: ProofNonces,
    nonce: string,
  ) {
    return real.call(this, nonce) === "own" ? "own" : "shared";
  });
  const details = await fc.check(
    fc.asyncProperty(stories, async (steps) => (await play(steps, (guard) => guard)).twice.length === 0),
    { numRuns: 3_000, endOnFailure: true },
  );
  careless.mockRestore();
  expect(details.failed).toBe(true);
});
