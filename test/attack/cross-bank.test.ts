import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../foundation/clock.js";
import { openRedis } from "../../foundation/redis.js";
import { BUDGET_DEFAULTS } from "../../gateway/receive/budget-settings.js";
import { createBudgets } from "../../gateway/receive/budgets.js";
import { ALICE, grant } from "../support/actors.js";
import { ask as send } from "../support/bureau.js";
import { wayIn } from "../support/doors.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import {
  askInTurns,
  NARROW,
  operationOf,
  startTwoBanks,
  type TwoBanks,
  WIDE,
} from "./scenarios/two-banks.js";

let two: TwoBanks;
beforeAll(async () => {
  two = await startTwoBanks();
});
afterAll(async () => two.bureau.close());

describe("A9: what one bank is answered never reaches another", () => {
  it("A9 answers the same operation of two banks to each its own, in either order and at once", async () => {
    expect(await askInTurns(two)).toEqual([]);
  });

  it("A9 answers anew after a grant and after a revoke: no answer is kept", async () => {
    const bank = "third-bank";
    const token = await two.bureau.token({ party: "bank", id: bank });
    const asked = () => two.bureau.graphql(token, operationOf(100));
    expect((await asked()).data.merchant).toBeNull();
    const id = await grant(two.bureau, ALICE, { bank });
    expect((await asked()).data.merchant.reviews.reviewCount.value).toBe(1);
    const merchant = await two.bureau.token({ party: "merchant", id: ALICE });
    await two.bureau.graphql(merchant, `mutation { revokeConsent(input: { consentId: "${id}" }) { id } }`);
    expect((await asked()).data.merchant).toBeNull();
  });

  it("A9 keeps no operation that a client registers, under its hash or another's", async () => {
    const query = operationOf(101);
    const sha256Hash = createHash("sha256").update(query).digest("hex");
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    const token = await two.bureau.token({ party: "bank", id: WIDE });
    for (const body of [{ query, extensions }, { extensions }, { query: "{ me { id } }", extensions }]) {
      const reply = await send(two.bureau.gateway, token, body);
      expect([400, 405]).toContain(reply.status);
      expect(reply.data ?? null).toBeNull();
    }
  });

  it("A9 lets no cache on the way keep an answer, whatever host the request names", async () => {
    const token = await two.bureau.token({ party: "bank", id: WIDE });
    const bodies = new Set<string>();
    for (const headers of [
      {},
      { host: "other.example" },
      { "x-forwarded-host": "other.example", "x-original-url": "/health/live" },
      { "cache-control": "max-age=3600", "if-none-match": "*" },
    ]) {
      const { path, body } = wayIn(two.bureau.gateway, { query: operationOf(102) });
      const reply = await two.bureau.gateway.app.inject({
        method: "POST",
        url: path,
        headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
        payload: JSON.stringify(body),
      });
      expect(reply.headers["cache-control"]).toBe("no-store");
      expect(reply.headers["etag"]).toBeUndefined();
      bodies.add(JSON.stringify(reply.json().data));
    }
    expect(bodies.size).toBe(1);
  });

  it("A9 shows a bank none of another's inquiries or consents, by an id or a cursor of the other's", async () => {
    const page = (bank: string, after = "") =>
      two.ask(
        bank,
        `{ inquiries(first: 2${after}) { nodes { id bank } pageInfo { endCursor } } consents(first: 1${after}) { nodes { id bank } pageInfo { endCursor } } }`,
      );
    const wide = await page(WIDE);
    for (const list of ["inquiries", "consents"]) {
      const { endCursor } = wide.data[list].pageInfo;
      const reply = await two.ask(
        NARROW,
        `{ list: ${list}(first: 50, after: ${JSON.stringify(endCursor)}) { nodes { bank } } }`,
      );
      const banks = (reply.data.list?.nodes ?? []).map(({ bank }: { bank: string }) => bank);
      expect(banks.filter((bank: string) => bank !== NARROW)).toEqual([]);
    }
    const [consent] = wide.data.consents.nodes;
    const reply = await two.ask(NARROW, `{ consent(id: "${consent.id}") { id artefact } }`);
    expect(reply.data.consent).toBeNull();
  });
});

describe("A9: keys in Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  }, 120_000);
  afterAll(async () => redis.stop());

  it("A9 are of one form whatever a client is called, so that no client spends another's budget", async () => {
    const clients = [
      "a",
      "a:b",
      "a:b:c",
      ":",
      "a\nSET x",
      "a b",
      "*",
      "{a}",
      "xinqiao:budget:a",
      "é",
      "__proto__",
    ];
    const shared = await openRedis(redis.url, { connectTimeoutMs: 2_000 });
    const limits = { ...BUDGET_DEFAULTS, budgetRequests: 1 };
    const budgets = createBudgets({ redis: shared, clock: systemClock, limits });
    for (const name of clients) expect((await budgets.takeRequest([name])).isAdmitted).toBe(true);
    for (const name of clients) expect((await budgets.takeRequest([name])).isAdmitted).toBe(false);
    await shared.close();
    const client = new Redis(redis.url);
    const keys = await client.keys("*");
    await client.quit();
    expect(keys).toHaveLength(clients.length);
    expect(keys.filter((key) => !/^xinqiao:[a-z-]+:[0-9A-Za-z_-]{43,64}$/.test(key))).toEqual([]);
  });
});
