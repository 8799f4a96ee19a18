import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BANKS, CONSENTING } from "./cast.js";
import type { Graph } from "./graph.js";
import { GrantedWorld } from "./granted-world.js";
import { type OracleBureau, startOracleBureau } from "./oracle-bureau.js";
import { readSupergraphText, runOracle, seedOfRun } from "./run-oracle.js";

const OPERATIONS = 25;
const seed = seedOfRun();

/** Consents and inquiries answer with real rows here; the model speaks of profiles. */
const PROFILE_ROOTS = ["merchant", "merchants", "me"];

function profilesOnly(graph: Graph): Graph {
  const query = graph.composites.get("Query");
  if (query === undefined) throw new Error("no Query");
  const fields = new Map([...query.fields].filter(([name]) => PROFILE_ROOTS.includes(name)));
  const composites = new Map([...graph.composites, ["Query", { ...query, fields }]]);
  composites.delete("Mutation");
  return { ...graph, composites };
}

describe("the taint oracle on the real ledger", () => {
  let oracle: OracleBureau;
  let granted: GrantedWorld;

  beforeAll(async () => {
    oracle = await startOracleBureau({ mode: "in-process", ledger: "real" });
    granted = new GrantedWorld(oracle);
    await granted.grantAll();
  });
  afterAll(async () => oracle.close());

  const run = async (round: number): Promise<void> => {
    const report = await runOracle(oracle, {
      operations: OPERATIONS,
      seed: seed + round,
      graph: profilesOnly(readSupergraphText()),
      worlds: fc.constant([granted.world]),
      isShrinking: false,
      onCase: (_asker, { inquiries }) => {
        for (const inquiry of inquiries) if (inquiry.remainingUses !== null) granted.used(inquiry.consentId);
      },
    });
    expect(report.failure).toBeUndefined();
    expect(report.cases).toBe(OPERATIONS * 3);
  };

  it(`agrees on consents of every kind, counted uses and all (seed ${seed})`, async () => {
    await run(1);
  }, 300_000);

  it("agrees once merchants have revoked, resumed, replaced and granted anew", async () => {
    const [first, second] = BANKS;
    const [a = "", b = "", c = "", d = ""] = CONSENTING;
    await granted.change(first, a, "REVOKED");
    await granted.change(second, d, "RESUMED");
    await granted.grant(first, b, { categories: ["TRANSACTIONS", "SOCIAL"] });
    await granted.grant(first, c, { categories: ["SETTLEMENTS", "REVIEWS"] });
    await granted.change(second, a, "PAUSED");
    await run(2);
  }, 300_000);
});
