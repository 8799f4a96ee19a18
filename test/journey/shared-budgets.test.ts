import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBudgets } from "../../gateway/receive/budgets.js";
import { openRedis, type Redis } from "../../foundation/redis.js";
import { systemClock } from "../../foundation/clock.js";
import { ALICE, bankToken, BOB, grant, NOBODY, publishTwoMerchants, STRANGER } from "../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../support/bureau.js";
import { until } from "../support/redis-fleet.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";

const LIMITS = {
  budgetRequests: 20,
  budgetCost: 1_000,
  operationCostMax: 400,
  budgetInquiries: 5,
  budgetFeeds: 6,
  budgetLocalPercent: 50,
};

let server: RedisServer;
let one: TestBureau;
let other: TestBureau;
const redises: Redis[] = [];

async function startGateway(): Promise<TestBureau> {
  const redis = await openRedis(server.url, { connectTimeoutMs: 2_000, commandTimeoutMs: 1_000 });
  redises.push(redis);
  return startTestBureau({
    settings: { budgets: createBudgets({ redis, clock: systemClock, limits: LIMITS }) },
  });
}

beforeAll(async () => {
  server = await startRedisServer();
  [one, other] = await Promise.all([startGateway(), startGateway()]);
  for (const bureau of [one, other]) await publishTwoMerchants(bureau);
}, 120_000);
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await Promise.all(redises.map((redis) => redis.close()));
  await server.kill();
});

/** The same client asks both gateways in turn, all at once. */
async function askBoth(
  tokenOf: (bureau: TestBureau) => Promise<string>,
  tries: number,
  query = "{ __typename }",
): Promise<readonly GraphQLReply[]> {
  const tokens = new Map([
    [one, await tokenOf(one)],
    [other, await tokenOf(other)],
  ]);
  const asked = Array.from({ length: tries }, (_, i) => (i % 2 === 0 ? one : other));
  return Promise.all(asked.map((bureau) => bureau.graphql(tokens.get(bureau), query)));
}

const admitted = (replies: readonly GraphQLReply[]): number =>
  replies.filter(({ status, errors }) => status === 200 && errors.length === 0).length;
const merchantToken = (id: string) => (bureau: TestBureau) => bureau.token({ party: "merchant", id });

const inquiries = (ids: readonly string[]): string => {
  const list = ids.map((id) => `{ id: "${id}", purpose: PRE_LOAN_ASSESSMENT, reference: "B-1" }`);
  return `{ merchants(inquiries: [${list.join(", ")}]) { id identity { legalName } } }`;
};

describe("two gateways on one Redis", () => {
  it("share a client's requests to the last one, and say so in the headers", async () => {
    const replies = await askBoth((bureau) => bankToken(bureau, "bank-requests"), 30);
    expect(admitted(replies)).toBe(20);
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    for (const { errors, headers, data } of refused) {
      expect(data).toBeUndefined();
      expect(errors).toMatchObject([{ extensions: { code: "RATE_LIMITED", budget: "requests", limit: 20 } }]);
      expect(headers["ratelimit-policy"]).toBe('"requests";q=20;w=60;qu="requests"');
      const [, left, reset] = /^"requests";r=(\d+);t=(\d+)$/.exec(String(headers["ratelimit"])) ?? [];
      expect(Number(left)).toBe(0);
      expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(Number(reset));
    }
  });

  it("twin: a house whose budgets are wide open lets the same flood through", async () => {
    const open = await startTestBureau();
    const token = await bankToken(open, "bank-requests");
    const replies = await Promise.all(
      Array.from({ length: 30 }, () => open.graphql(token, "{ __typename }")),
    );
    await open.close();
    expect(admitted(replies)).toBe(30);
  });

  it("say how a client's budgets stand on every kind of answer, and nothing to a stranger", async () => {
    const token = await merchantToken(STRANGER)(one);
    for (const [query, status, budgets] of [
      ["{ me { id } }", 200, 2],
      [
        'mutation { revokeConsent(input: { consentId: "0199f000-0000-7000-8000-000000000000" }) { id } }',
        200,
        2,
      ],
      ["{ consents(first: 9) { nodes { id artefact events { kind at } } } }", 400, 1],
      ["{ nobody }", 400, 1],
      ["{ a", 400, 1],
      [`{ ${"a { ".repeat(40)} b ${"}".repeat(40)} }`, 400, 1],
    ] as const) {
      const { status: got, headers } = await one.graphql(token, query);
      expect(got, query).toBe(status);
      expect(String(headers["ratelimit"]).match(/;r=/g), query).toHaveLength(budgets);
      expect(String(headers["ratelimit-policy"]).match(/;q=/g), query).toHaveLength(budgets);
    }
    const { headers } = await one.graphql(undefined, "{ me { id } }");
    expect([headers["ratelimit"], headers["ratelimit-policy"]]).toEqual([undefined, undefined]);
  });

  it("count a request that is refused for its form, where the sender is known", async () => {
    const replies = await askBoth((bureau) => bankToken(bureau, "bank-malformed"), 30, "{ a ".repeat(50));
    expect(replies.filter(({ status }) => status === 400)).toHaveLength(20);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(10);
    expect(replies[0]?.headers["ratelimit"]).toMatch(/^"requests";r=\d+;t=\d+$/);
  });

  it("share what a client's operations may cost, and say what each cost and what remains", async () => {
    // me 10, a merchant 10, transactions 20, months 1, and a month for each of 12 and each of 4 currencies.
    const cost = 10 + 10 + 20 + 1 + 48;
    const query = "{ me { transactions { months { month } } } }";
    const replies = await askBoth(merchantToken(NOBODY), 18, query);
    expect(admitted(replies)).toBe(Math.floor(1_000 / cost));
    // What was refused was not charged: a smaller operation still fits.
    const [small] = await askBoth(merchantToken(NOBODY), 1, "{ __typename }");
    expect(small?.extensions["cost"]).toMatchObject({ estimated: 1, remaining: (1_000 % cost) - 1 });
    for (const { status, extensions, errors, headers } of replies) {
      expect(extensions["cost"]).toMatchObject({ estimated: cost, operationMax: 400, limit: 1_000 });
      expect(extensions["cost"].resetsInSeconds).toBeGreaterThan(0);
      expect(headers["ratelimit-policy"]).toBe(
        '"requests";q=20;w=60;qu="requests", "cost";q=1000;w=60;qu="xinqiao-cost"',
      );
      expect(headers["ratelimit"]).toMatch(/^"requests";r=\d+;t=\d+, "cost";r=\d+;t=\d+$/);
      if (status === 200) expect(extensions["cost"].actual).toBeLessThanOrEqual(cost);
      else {
        expect(errors).toMatchObject([{ extensions: { code: "RATE_LIMITED", budget: "cost" } }]);
        expect(headers["retry-after"]).toBeDefined();
        expect(extensions["cost"].actual).toBeUndefined();
      }
    }
  });

  it("refuse an operation that may cost more than one may, and charge nothing for it", async () => {
    const query =
      "{ me { transactions(window: { months: 36 }) { months { month createdCount orderCount } } } }";
    const [reply] = await askBoth(merchantToken(BOB), 1, query);
    expect(reply?.status).toBe(400);
    expect(reply?.errors).toMatchObject([{ extensions: { code: "OPERATION_TOO_COSTLY" } }]);
    expect(reply?.extensions["cost"]).toEqual({ estimated: 41 + 36 * 4 * 3, operationMax: 400 });
    const [next] = await askBoth(merchantToken(BOB), 1, "{ me { id } }");
    expect(next?.extensions["cost"].remaining).toBe(1_000 - 21);
  });

  it("share a platform's feed requests", async () => {
    const publish = (bureau: TestBureau): Promise<{ status: number }> =>
      bureau.publish("feed-budget", "account", []);
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, i) => publish(i % 2 ? one : other)));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(6);
    expect(outcomes.filter(({ status }) => status === 429)).toHaveLength(4);
    const reply = await one.gateway.app.inject({
      method: "GET",
      url: "/feeds/account/batches/x",
      headers: { authorization: `Bearer ${await one.token({ party: "platform", id: "feed-budget" })}` },
    });
    expect(reply.statusCode).toBe(429);
    expect(reply.json().errors[0].extensions).toMatchObject({
      code: "RATE_LIMITED",
      budget: "feed-requests",
    });
    expect(reply.headers["ratelimit-policy"]).toBe('"feed-requests";q=6;w=60;qu="requests"');
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
  });
});

describe("a bank's day about a merchant", () => {
  const tokenOf = (bureau: TestBureau): Promise<string> => bankToken(bureau, "bank-of-the-day");

  it("ends at both gateways after as many inquiries as agreed, at its own position, others unaffected", async () => {
    for (const bureau of [one, other])
      for (const merchant of [ALICE, BOB]) await grant(bureau, merchant, { bank: "bank-of-the-day" });
    await askBoth(tokenOf, 5, inquiries([ALICE]));
    const [reply] = await askBoth(tokenOf, 1, inquiries([ALICE, BOB]));
    expect(reply?.status).toBe(200);
    expect(reply?.data.merchants).toEqual([null, { id: BOB, identity: { legalName: "Bob Store" } }]);
    expect(reply?.errors).toMatchObject([
      {
        path: ["merchants", 0],
        extensions: { code: "INQUIRY_BUDGET_EXCEEDED", rule: "bureau.inquiries-a-day" },
      },
    ]);
    expect(reply?.errors[0]?.extensions["retryAfterSeconds"]).toBeGreaterThan(0);
    expect(reply?.errors[0]?.extensions["category"]).toBeUndefined();
    const [alice, bob] = reply?.extensions["inquiries"] ?? [];
    expect(alice).toMatchObject({ decision: "REFUSED", consentId: null, remainingUses: null });
    expect(alice.receipt).not.toBeNull();
    expect(bob).toMatchObject({ decision: "GRANTED" });
  });

  it("is on record like any refusal", async () => {
    const merchant = await merchantToken(ALICE)(one);
    const { data } = await one.graphql(
      merchant,
      "{ inquiries(first: 1) { nodes { bank decision released rules { rule code allowed } } } }",
    );
    expect(data.inquiries.nodes[0]).toMatchObject({
      bank: "bank-of-the-day",
      decision: "REFUSED",
      released: [],
      rules: [{ rule: "bureau.inquiries-a-day", code: "INQUIRY_BUDGET_EXCEEDED", allowed: false }],
    });
  });

  it("is the same for an unknown merchant and for one that consented to nothing (P12)", async () => {
    const token = (bureau: TestBureau): Promise<string> => bankToken(bureau, "bank-that-guesses");
    const query = inquiries([NOBODY, ALICE]);
    for (let i = 0; i < 5; i += 1) {
      const [before] = await askBoth(token, 1, query);
      expect(before?.errors.map(({ extensions }) => extensions["code"])).toEqual([
        "CONSENT_REQUIRED",
        "CONSENT_REQUIRED",
      ]);
    }
    const [reply] = await askBoth(token, 1, query);
    const [unknown, unconsented] = reply?.errors ?? [];
    expect(unknown?.extensions).toEqual(unconsented?.extensions);
    expect(unknown?.extensions["code"]).toBe("INQUIRY_BUDGET_EXCEEDED");
    const notes = reply?.extensions["inquiries"].map(
      ({ id: _id, merchant: _merchant, receipt: _receipt, ...rest }: Record<string, unknown>) => rest,
    );
    expect(notes[0]).toEqual(notes[1]);
  });

  it("costs the same for an unknown merchant and for one that consented to nothing (P12)", async () => {
    const asked = (id: string) =>
      askBoth((bureau) => bankToken(bureau, `bank-that-counts-${id}`), 1, inquiries([id]));
    const [[unknown], [unconsented]] = await Promise.all([asked(NOBODY), asked(ALICE)]);
    expect(unknown?.extensions["cost"]).toEqual(unconsented?.extensions["cost"]);
    expect(unknown?.extensions["cost"].actual).toBeLessThan(unknown?.extensions["cost"].estimated);
  });

  it("uses up no consent with what is over it", async () => {
    const merchant = await merchantToken(ALICE)(one);
    const query = "{ consents(first: 10) { nodes { bank remainingUses frequency { count } } } }";
    const { data } = await one.graphql(merchant, query);
    const { remainingUses, frequency } = data.consents.nodes.find(
      ({ bank }: { bank: string }) => bank === "bank-of-the-day",
    );
    // Three of the five went through this gateway, whose consent this is.
    expect(frequency.count - remainingUses).toBe(3);
  });
});

describe("with Redis gone", () => {
  it("each gateway allows its share alone, nobody has none and nobody has all; and it mends by itself", async () => {
    const port = server.port;
    await server.kill();
    const tokenOf = (bureau: TestBureau): Promise<string> => bankToken(bureau, "bank-alone");
    for (const bureau of [one, other]) {
      const token = await tokenOf(bureau);
      const replies = await Promise.all(
        Array.from({ length: 30 }, () => bureau.graphql(token, "{ __typename }")),
      );
      expect(admitted(replies)).toBe(10);
      expect(replies.filter(({ status }) => status === 429)).toHaveLength(20);
      expect(replies[0]?.headers["ratelimit-policy"]).toMatch(/^"requests";q=10;w=60/);
    }
    const guess = await bankToken(one, "bank-alone-by-day");
    const codes = [];
    for (let i = 0; i < 3; i += 1)
      codes.push((await one.graphql(guess, inquiries([NOBODY]))).errors[0]?.extensions["code"]);
    expect(codes).toEqual(["CONSENT_REQUIRED", "CONSENT_REQUIRED", "INQUIRY_BUDGET_EXCEEDED"]);

    server = await startRedisServer({ port });
    for (const bureau of [one, other]) {
      let tries = 0;
      await until(async () => {
        // A new client each time, so that the probe is never what is over its budget.
        const token = await bankToken(bureau, `bank-probe-${(tries += 1)}`);
        const { headers } = await bureau.graphql(token, "{ __typename }");
        return String(headers["ratelimit-policy"]).startsWith('"requests";q=20;');
      });
    }
    expect(admitted(await askBoth((bureau) => bankToken(bureau, "bank-again"), 30))).toBe(20);
  });
});
