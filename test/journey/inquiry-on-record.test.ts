import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { ensureDatabase, startEmbeddedPostgres } from "../../foundation/embedded-postgres.js";
import { BureauError } from "../../schema/errors.js";
import type { InquiryEntry } from "../../schema/ports.js";
import { ALICE, bankToken, BOB, grant, PROFILE, publishTwoMerchants, revoke } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;

function raise(): never {
  throw new Error("this test opens no pool of its own");
}

afterEach(async () => bureau.close());

async function entries(): Promise<{ merchant_id: string; decision: string; stage: string }[]> {
  const { rows } = await bureau.postgres.pool.query(
    "select merchant_id, stage, entry->>'decision' as decision from inquiries.entry order by recorded_at",
  );
  return rows;
}

describe("no record, no answer (P3)", () => {
  it("records granted, part-granted and refused inquiries before they are answered", async () => {
    bureau = await startTestBureau();
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE);
    const token = await bankToken(bureau);
    const granted = await bureau.graphql(token, PROFILE, { id: ALICE });
    const refused = await bureau.graphql(token, PROFILE, { id: BOB });
    expect(granted.extensions["inquiries"]).toMatchObject([
      {
        decision: "GRANTED",
        merchant: ALICE,
        receipt: { leafHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
    expect(refused.extensions["inquiries"]).toMatchObject([
      { decision: "REFUSED", merchant: BOB, receipt: { leafHash: expect.any(String) } },
    ]);
    expect((await entries()).map((entry) => [entry.merchant_id, entry.decision])).toEqual([
      [ALICE, "GRANTED"],
      [BOB, "REFUSED"],
    ]);
  });

  it("withholds the answer when the database is cut between decision and record", async () => {
    const seams = {
      log: () => ({
        append: (_entries: readonly InquiryEntry[]) =>
          Promise.reject(new BureauError("INQUIRY_NOT_RECORDED")),
      }),
    };
    bureau = await startTestBureau({ seams });
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE);
    const reply = await bureau.graphql(await bankToken(bureau), PROFILE, { id: ALICE });
    expect(reply.status).toBe(503);
    expect(reply.errors[0]?.extensions["code"]).toBe("INQUIRY_NOT_RECORDED");
    expect(reply.headers["retry-after"]).toBe("1");
    expect(JSON.stringify(reply)).not.toContain("Alice");
  });

  it("withholds the answer when the database itself goes away between decision and record", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-cut-"));
    const server = await startEmbeddedPostgres({ dataDirectory: folder, noSync: true });
    await ensureDatabase(server.connectionString("postgres"), "cut");
    const cut = { isArmed: false };
    bureau = await startTestBureau({
      database: {
        connectionString: server.connectionString("cut"),
        open: () => raise(),
        drop: async () => rm(folder, { recursive: true, force: true }),
      },
      seams: {
        ledger: (ledger) => ({
          check: (questions, credentials) => ledger.check(questions, credentials),
          claimUses: async (consents) => {
            const left = await ledger.claimUses(consents);
            if (cut.isArmed) await server.stop();
            return left;
          },
        }),
      },
    });
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE);
    const token = await bankToken(bureau);
    expect((await bureau.graphql(token, PROFILE, { id: ALICE })).data.merchant.id).toBe(ALICE);
    cut.isArmed = true;
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(reply.status).toBe(503);
    expect(["INQUIRY_NOT_RECORDED", "CONSENT_UNKNOWN"]).toContain(reply.errors[0]?.extensions["code"]);
    expect(JSON.stringify(reply)).not.toContain("Alice");
  });

  it("withholds the answer when the record's table is locked away by the database itself", async () => {
    bureau = await startTestBureau({ settings: { recordTimeoutMs: 300 } });
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE);
    const token = await bankToken(bureau);
    const client = new pg.Client({ connectionString: bureau.connectionString });
    await client.connect();
    await client.query("begin; lock table inquiries.entry in access exclusive mode");
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    await client.end();
    expect(reply.errors[0]?.extensions["code"]).toBe("INQUIRY_NOT_RECORDED");
    expect(JSON.stringify(reply)).not.toContain("Alice");
    expect((await bureau.graphql(token, PROFILE, { id: ALICE })).data.merchant.id).toBe(ALICE);
  });

  it("answers CONSENT_UNKNOWN, and no data, when the ledger is out of reach (P2)", async () => {
    const cut = { isArmed: false };
    bureau = await startTestBureau({
      seams: {
        ledger: (ledger) => ({
          ...ledger,
          check: (questions, credentials) =>
            cut.isArmed
              ? Promise.reject(new BureauError("CONSENT_UNKNOWN"))
              : ledger.check(questions, credentials),
        }),
      },
    });
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE);
    cut.isArmed = true;
    const reply = await bureau.graphql(await bankToken(bureau), PROFILE, { id: ALICE });
    expect(reply.status).toBe(503);
    expect(reply.headers["retry-after"]).toBe("1");
    expect(reply.errors[0]?.extensions["code"]).toBe("CONSENT_UNKNOWN");
    expect(JSON.stringify(reply)).not.toContain("Alice");
  });

  it("checks consent again before a slow answer leaves, and withholds what was revoked meanwhile (P2)", async () => {
    const meanwhile: { act?: () => Promise<void> } = {};
    bureau = await startTestBureau({
      seams: {
        subgraph: (real) =>
          real.name !== "signals"
            ? real
            : {
                ...real,
                execute: async (request) => {
                  const answer = await real.execute(request);
                  await meanwhile.act?.();
                  await new Promise((resolve) => setTimeout(resolve, 80));
                  return answer;
                },
              },
      },
    });
    await publishTwoMerchants(bureau);
    const id = await grant(bureau, ALICE);
    const token = await bankToken(bureau);
    expect((await bureau.graphql(token, PROFILE, { id: ALICE })).data.merchant.id).toBe(ALICE);
    meanwhile.act = () => revoke(bureau, ALICE, id);
    const reply = await bureau.graphql(token, PROFILE, { id: ALICE });
    expect(reply.data.merchant).toBeNull();
    expect(reply.errors[0]?.extensions["code"]).toBe("CONSENT_REVOKED");
    expect(JSON.stringify(reply)).not.toContain("Alice");
    expect((await entries()).some((entry) => entry.stage === "WITHHELD")).toBe(true);
  });
});
