import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OracleBureau, startOracleBureau } from "./oracle-bureau.js";
import { ASKERS, type OracleReport, runOracle, seedOfRun, WORLDS } from "./run-oracle.js";

const seed = seedOfRun();

// `PROPERTY_OPERATIONS` makes the run in this process as long as one has time for; each is asked 15 times.

/** Every one of these must come up in a run, or it has not looked where it should. */
const MET = [
  "GRANTED",
  "PART_GRANTED",
  "REFUSED",
  "CONSENT_REQUIRED",
  "CONSENT_NOT_YET_ACTIVE",
  "CONSENT_PAUSED",
  "CONSENT_REVOKED",
  "CONSENT_EXPIRED",
  "CONSENT_EXHAUSTED",
  "PURPOSE_NOT_CONSENTED",
  "PURPOSE_CEILING_EXCEEDED",
  "SCOPE_NOT_CONSENTED",
  "LEVEL_NOT_CONSENTED",
  "CONSENT_CLOSED",
  "CONSENT_TERMINATED",
  "CONSENT_AWAITING_SIGNATORIES",
  "SCOPE_NOT_AUTHORIZED",
  "INSUFFICIENT_SCOPE",
  "FORBIDDEN",
  "INQUIRY_CONFLICT",
  "BAD_USER_INPUT",
];

describe.each([
  ["in this process", "in-process", Number(process.env["PROPERTY_OPERATIONS"] ?? 1_400)],
  ["over HTTP", "http", 120],
] as const)("the taint oracle over subgraphs %s", (_where, mode, operations) => {
  let oracle: OracleBureau;
  let report: OracleReport;

  beforeAll(async () => {
    oracle = await startOracleBureau({ mode, ledger: "memory" });
  });
  afterAll(async () => oracle.close());

  it(`finds every answer to be exactly what consent releases (seed ${seed})`, async () => {
    const started = process.cpuUsage();
    report = await runOracle(oracle, { operations, seed });
    const { user, system } = process.cpuUsage(started);
    console.log(`seed ${seed}: ${report.cases} cases, ${((user + system) / 1e6).toFixed(0)} s of a core`);
    expect(report.failure).toBeUndefined();
    expect(report.cases).toBe(operations * WORLDS * ASKERS);
  }, 900_000);

  it("has met every decision and every reason to withhold", () => {
    const met = MET.filter((what) => (report.tally.get(what) ?? 0) > 0);
    if (mode === "in-process") expect(met).toEqual(MET);
    else expect(met.length).toBeGreaterThan(MET.length / 2);
  });
});
