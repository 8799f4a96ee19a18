import { spawn } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { nemesisShortfalls, runNemesis } from "../../scripts/prove-revocation/nemesis/run-nemesis.js";
import { emptiness } from "../../scripts/prove-revocation/prove-simulation.js";
import { type Contract, readContract } from "../../scripts/prove-revocation/simulation/inquiry-contract.js";
import { runVariant } from "../../scripts/prove-revocation/simulation/run-simulation.js";
import { DEFECTS, VARIANTS } from "../../scripts/prove-revocation/simulation/variants.js";
import { printedSeed } from "../support/seed.js";

const SEEDS = 2_000;
const NEMESIS_SECONDS = 20;
/** Generous, for machines that do much else; an idle one needs a tenth. */
const TIMEOUT_MS = 300_000;

const seed = printedSeed("PROOF_SEED");
const again = `see it again with PROOF_SEED=${seed}`;
const right = VARIANTS.filter(({ defect }) => defect === undefined);
const broken = VARIANTS.filter(({ defect }) => defect !== undefined);

describe("a revocation that was acknowledged, in virtual time", () => {
  let contract: Contract;
  beforeAll(async () => {
    contract = await readContract();
  });

  it.each(right)(
    `holds under ${SEEDS} seeds: $name, $says`,
    async (variant) => {
      const result = await runVariant(variant, { contract, seeds: { first: seed, count: SEEDS } });
      expect(result.first, again).toBeUndefined();
      expect(result.seeds).toBe(SEEDS);
      expect(emptiness(result), "what never happened").toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each(broken)(
    "does not hold, and is seen not to: $name, $says",
    async (variant) => {
      const seeds = { first: seed, count: SEEDS };
      const result = await runVariant(variant, { contract, seeds, stopsAtFirst: true });
      expect(result.caught, again).toBe(1);
    },
    TIMEOUT_MS,
  );

  it("is broken in every way that there is a name for", () => {
    expect(broken.map(({ defect }) => defect).toSorted()).toEqual([...DEFECTS].toSorted());
  });
});

describe("a revocation that was acknowledged, on two gateways and a real PostgreSQL", () => {
  it(
    `holds for ${NEMESIS_SECONDS} seconds of holes, resets, stops and kills, and the gateways serve again afterwards`,
    async () => {
      const result = await runNemesis({ seed, seconds: NEMESIS_SECONDS });
      expect(result.violations, again).toEqual([]);
      expect(nemesisShortfalls(result), "what a run must have to count").toEqual([]);
      expect(result.recoveredMs).toBeDefined();
    },
    TIMEOUT_MS,
  );

  it(
    "does not hold with a cache of two seconds, and is seen not to",
    async () => {
      const result = await runNemesis({ seed, seconds: NEMESIS_SECONDS, defect: "ttlCache" });
      expect(result.violations[0], again).toMatchObject({ promise: "R1" });
    },
    TIMEOUT_MS,
  );
});

describe("npm run prove:revocation", () => {
  const command = path.resolve(import.meta.dirname, "../../scripts/prove-revocation.ts");
  const run = (...words: string[]): Promise<{ code: number | null; text: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["--import", "tsx", command, ...words]);
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (bytes: Buffer) => (text += bytes.toString()));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, text }));
    });

  it("prints its seed, one verdict for each variant, and fails when a defect was not found", async () => {
    // One seed shows nearly none of them.
    const { code, text } = await run("--only", "simulation", "--seeds", "1", "--seed", "1");
    expect(code).toBe(1);
    expect(text).toMatch(/^seed 1$/m);
    for (const { name } of VARIANTS) expect(text).toMatch(new RegExp(`^simulation +${name} `, "m"));
    expect(text).toContain("NOT AS EXPECTED");
  }, 120_000);

  it.each([["--seeds", "0"], ["--seconds", "1"], ["--seed", "-1"], ["--only", "everything"], ["--fast"]])(
    "does not understand %s %s, and says so",
    async (...words) => {
      const { code, text } = await run(...words);
      expect(code).toBe(2);
      expect(text).toMatch(/^error: /);
    },
    60_000,
  );
});
