import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../foundation/clock.js";
import {
  ensureApplicationRole,
  ensureDatabase,
  startEmbeddedPostgres,
} from "../../foundation/embedded-postgres.js";
import type { ConsentLedger } from "../../schema/ports.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { ALICE, grant, MARKETPLACE, publishTwoMerchants } from "../support/actors.js";
import { ISSUER, startTestBureau, type TestBureau } from "../support/bureau.js";

const IDENTITY = `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "CASE-1") { id identity { legalName } } }`;
const OWN_FILE = "{ me { id identity { legalName } } }";
const CONSENTS = "{ consents { nodes { id bank } } }";

let bureau: TestBureau;
afterEach(async () => bureau.close());

/** A bureau whose time moves only as told, and in whose subgraphs something may happen after the work was done. */
async function openStage(options: { readonly isChecked?: boolean } = {}) {
  const stage = {
    atMs: 0,
    checks: 0,
    meanwhile: undefined as (() => Promise<void>) | undefined,
  };
  const subgraph = (real: Subgraph): Subgraph => ({
    ...real,
    execute: async (request) => {
      const answer = await real.execute(request);
      const act = stage.meanwhile;
      stage.meanwhile = undefined;
      if (act !== undefined) {
        await act();
        stage.atMs += options.isChecked === false ? 50 : 51;
      }
      return answer;
    },
  });
  const counted = (ledger: ConsentLedger): ConsentLedger => ({
    ...ledger,
    check: (...asked) => {
      stage.checks += 1;
      return ledger.check(...asked);
    },
  });
  bureau = await startTestBureau({
    clock: { ...systemClock, monotonicMs: () => stage.atMs },
    seams: { subgraph, ledger: counted },
  });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { categories: ["IDENTITY"] });
  return stage;
}

const endClient = (party: "bank" | "merchant", id: string): Promise<void> =>
  bureau.credentials.end([{ kind: "CLIENT", id: `${ISSUER}|${party}:${id}` }], {
    actor: "officer-1",
    reason: "reported stolen",
  });

const askers = {
  "a bank's inquiry": ["bank", "demo-bank", IDENTITY],
  "a merchant's own file": ["merchant", ALICE, OWN_FILE],
  "a merchant's consents": ["merchant", ALICE, CONSENTS],
  "a bank's consents": ["bank", "demo-bank", CONSENTS],
} as const;

describe("a credential that is ended between the check and the release (P2)", () => {
  it.each(Object.entries(askers))("keeps %s from leaving once 50 ms have passed", async (_name, asker) => {
    const stage = await openStage();
    const [party, id, query] = asker;
    const token = await bureau.token({ party, id });
    expect((await bureau.graphql(token, query)).status).toBe(200);
    stage.checks = 0;
    stage.meanwhile = () => endClient(party, id);
    const reply = await bureau.graphql(token, query);
    expect(stage.checks).toBe(2);
    expect(reply.status).toBe(401);
    expect(reply.errors.map(({ extensions }) => extensions["code"])).toEqual(["CREDENTIAL_REVOKED"]);
    expect(reply.data ?? null).toBeNull();
    expect(JSON.stringify(reply)).not.toMatch(/Alice|demo-bank/);
  });

  it("leaves a trace in the record of the inquiry: decided, then withheld", async () => {
    const stage = await openStage();
    stage.meanwhile = () => endClient("bank", "demo-bank");
    await bureau.graphql(await bureau.token({ party: "bank", id: "demo-bank" }), IDENTITY);
    const { rows } = await bureau.postgres.pool.query(
      "select stage, decision, entry->'released' as released, entry->'rules'->0->>'code' as code from inquiries.entry order by stage",
    );
    expect(rows).toEqual([
      { stage: "DECIDED", decision: "GRANTED", released: ["IDENTITY"], code: "OK" },
      { stage: "WITHHELD", decision: "REFUSED", released: [], code: "CREDENTIAL_REVOKED" },
    ]);
  });

  it("is not asked about again within 50 ms of the check", async () => {
    const stage = await openStage({ isChecked: false });
    const token = await bureau.token({ party: "bank", id: "demo-bank" });
    stage.checks = 0;
    stage.meanwhile = () => endClient("bank", "demo-bank");
    expect((await bureau.graphql(token, IDENTITY)).data.merchant.id).toBe(ALICE);
    expect(stage.checks).toBe(1);
    expect((await bureau.graphql(token, IDENTITY)).status).toBe(401);
  });

  it("does not hide that a mutation took place, and stops whatever comes after it", async () => {
    const stage = await openStage();
    const token = await bureau.token({ party: "merchant", id: ALICE });
    const consentId = await grant(bureau, ALICE, { bank: "second-bank" });
    stage.meanwhile = () => endClient("merchant", ALICE);
    const mutation = `mutation { revokeConsent(input: { consentId: "${consentId}" }) { id state } }`;
    const reply = await bureau.graphql(token, mutation);
    expect(reply.data.revokeConsent).toEqual({ id: consentId, state: "REVOKED" });
    for (const query of [OWN_FILE, CONSENTS, mutation])
      expect((await bureau.graphql(token, query)).status).toBe(401);
  });
});

describe("when the database is out of reach", () => {
  it("answers every kind of operation with 503 and Retry-After, and nothing leaves (P2)", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-away-"));
    const server = await startEmbeddedPostgres({ dataDirectory: folder, noSync: true });
    await ensureDatabase(server.connectionString("postgres"), "away");
    const connectionString = server.connectionString("away");
    bureau = await startTestBureau({
      database: {
        connectionString,
        applicationConnectionString: await ensureApplicationRole(connectionString),
        open: () => expect.unreachable("this test opens no pool of its own"),
        drop: async () => rm(folder, { recursive: true, force: true }),
      },
    });
    await publishTwoMerchants(bureau);
    await grant(bureau, ALICE);
    const tokens = {
      bank: await bureau.token({ party: "bank", id: "demo-bank" }),
      merchant: await bureau.token({ party: "merchant", id: ALICE }),
    };
    expect((await bureau.graphql(tokens.bank, IDENTITY)).data.merchant.id).toBe(ALICE);
    await server.stop();
    const questions = [
      ...Object.values(askers),
      ["bank", "demo-bank", "{ __typename }"],
      ["merchant", ALICE, `mutation { revokeConsent(input: { consentId: "x" }) { id } }`],
    ] as const;
    for (const [party, , query] of questions) {
      const reply = await bureau.graphql(tokens[party], query);
      expect(reply.status).toBe(503);
      expect(reply.headers["retry-after"]).toBe("1");
      expect(reply.errors.map(({ extensions }) => extensions["code"])).toEqual(["CONSENT_UNKNOWN"]);
      expect(reply.data ?? null).toBeNull();
      expect(JSON.stringify(reply)).not.toContain("Alice");
    }
    const order = { orderId: "o-1", sellerId: "alice-shop" };
    const feed = await bureau.publish(MARKETPLACE, "order", [order]);
    expect(feed.status).toBe(503);
    expect(feed.body.errors[0].extensions.code).toBe("CONSENT_UNKNOWN");
  });
});
