import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OracleBureau, startOracleBureau } from "./oracle-bureau.js";
import { runOracle, seedOfRun } from "./run-oracle.js";

const seed = seedOfRun();
const OPERATIONS = Number(process.env["PROPERTY_OPERATIONS"] ?? 1_400);

describe(`the taint oracle, seed ${seed}`, () => {
  let oracle: OracleBureau;
  beforeAll(async () => {
    oracle = await startOracleBureau({ mode: "in-process", ledger: "memory" });
  });
  afterAll(async () => oracle.close());

  it("finds every answer to be exactly what consent releases, over subgraphs in this process", async () => {
    const started = process.cpuUsage();
    const report = await runOracle(oracle, { operations: OPERATIONS, seed });
    const { user, system } = process.cpuUsage(started);
    console.log(`${report.cases} cases, ${((user + system) / 1e6).toFixed(1)} s of a core`);
    expect(report.failure).toBeUndefined();
    expect(report.cases).toBe(OPERATIONS * 15);
  }, 900_000);
});
