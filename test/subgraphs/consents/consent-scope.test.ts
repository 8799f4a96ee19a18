import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  ALICE,
  bank,
  BOB,
  type ConsentRoomTest,
  NOBODY,
  openConsentRoom,
  secondBank,
  TERMS,
} from "./consent-room.js";

let room: ConsentRoomTest;

beforeEach(async () => {
  room = await openConsentRoom({ fakeClock: true });
});
afterEach(() => room.close());

const SCOPE = `id state categories records accounts { platform sellerId } lookbackMonths expiresAt
  frequency { count period } loan { categories records lookbackMonths frequency { count period } lifeDays }
  cuts { field asked given rule article }`;
const GRANT = `mutation($input: GrantConsentInput!) { grantConsent(input: $input) { ${SCOPE} artefact quorum signatories
  inForce { stage purpose categories records expiresAt } } }`;
const REQUEST = `mutation($input: RequestConsentInput!) { requestConsent(input: $input) { ${SCOPE} } }`;
const APPROVE = `mutation($input: ApproveConsentRequestInput!) { approveConsentRequest(input: $input) { ${SCOPE} } }`;

const ACCOUNTS = [
  { platform: "taoyuan-market", sellerId: "tea-house" },
  { platform: "lantern-mall", sellerId: "tea-2" },
];
const LOAN = {
  categories: ["TRANSACTIONS"],
  records: [],
  lookbackMonths: 6,
  frequency: { count: 3, period: "MONTH" },
  lifeDays: 365,
};
const WIDE = {
  ...TERMS,
  categories: ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS"],
  records: ["TRANSACTIONS", "SETTLEMENTS"],
};

const grant = (over: object = {}) =>
  room.ask(alice, GRANT, { input: { ...TERMS, bank: "demo-bank", ...over } });
const request = (over: object = {}, caller = bank) =>
  room.ask(caller, REQUEST, { input: { ...TERMS, merchant: ALICE, ...over } });
const approve = (requestId: string, over: object = {}) =>
  room.ask(alice, APPROVE, { input: { requestId, ...over } });
const requested = async (over: object = {}): Promise<string> => {
  const reply = await request(over);
  if (reply.codes.length > 0) throw new Error(JSON.stringify(reply.facts));
  return reply.data.requestConsent.id;
};
const payloadOf = (artefact: string) =>
  JSON.parse(Buffer.from(artefact.split(".")[1] ?? "", "base64url").toString());

describe("the scope of a grant", () => {
  test("levels, accounts and loan terms stand in the signed artefact as granted", async () => {
    const { data } = await grant({ ...WIDE, accounts: ACCOUNTS, loan: LOAN });
    const expected = {
      categories: WIDE.categories,
      records: WIDE.records,
      accounts: ACCOUNTS,
      loan: LOAN,
    };
    expect(data.grantConsent).toMatchObject({
      ...expected,
      state: "ACTIVE",
      cuts: [],
      quorum: 1,
      signatories: null,
      inForce: { stage: "PRE_LOAN", purpose: "PRE_LOAN_ASSESSMENT", records: WIDE.records },
    });
    expect(payloadOf(data.grantConsent.artefact)).toMatchObject({
      ...expected,
      loan: { ...LOAN, purposeText: { zh: "贷后管理" } },
    });
  });

  test("without them opens figures only, of every linked account, and no monitoring", async () => {
    const { data } = await grant();
    expect(data.grantConsent).toMatchObject({
      records: [],
      accounts: null,
      loan: null,
      inForce: { stage: null },
    });
    const payload = payloadOf(data.grantConsent.artefact);
    expect(payload.records).toEqual([]);
    for (const absent of ["accounts", "loan", "signatories", "quorum"])
      expect(payload).not.toHaveProperty(absent);
  });

  const MANY = Array.from({ length: 21 }, (_, i) => ({ platform: "p", sellerId: `s-${i}` }));
  test.each([
    ["records of a category that is not granted", { records: ["REVIEWS"] }, "BAD_USER_INPUT", "records"],
    ["an empty list of accounts", { accounts: [] }, "BAD_USER_INPUT", "accounts"],
    ["21 accounts", { accounts: MANY }, "BAD_USER_INPUT", "accounts"],
    ["an account twice", { accounts: [ACCOUNTS[0], ACCOUNTS[0]] }, "BAD_USER_INPUT", "accounts"],
    [
      "an account without a name",
      { accounts: [{ platform: "p", sellerId: "" }] },
      "BAD_USER_INPUT",
      "accounts",
    ],
    [
      "an account with a line break",
      { accounts: [{ platform: "p\n", sellerId: "s" }] },
      "BAD_USER_INPUT",
      "accounts",
    ],
    [
      "records that the purpose does not need",
      { categories: ["REVIEWS"], records: ["REVIEWS"] },
      "PURPOSE_CEILING_EXCEEDED",
      "records",
    ],
    [
      "loan terms for another purpose",
      { purpose: "CREDIT_LIMIT_REVIEW", frequency: undefined, loan: LOAN },
      "PURPOSE_CEILING_EXCEEDED",
      "loan",
    ],
    [
      "monitoring of a category that the assessment does not open",
      { loan: { ...LOAN, categories: ["SETTLEMENTS"] } },
      "PURPOSE_CEILING_EXCEEDED",
      "loan.categories",
    ],
    [
      "monitoring of records that the assessment does not open",
      { ...WIDE, records: [], loan: { ...LOAN, categories: ["SETTLEMENTS"], records: ["SETTLEMENTS"] } },
      "PURPOSE_CEILING_EXCEEDED",
      "loan.records",
    ],
    [
      "monitoring of records that monitoring does not need",
      { ...WIDE, loan: { ...LOAN, records: ["TRANSACTIONS"] } },
      "PURPOSE_CEILING_EXCEEDED",
      "loan.records",
    ],
    [
      "monitoring for six years",
      { loan: { ...LOAN, lifeDays: 1_826 } },
      "PURPOSE_CEILING_EXCEEDED",
      "loan.lifeDays",
    ],
    ["monitoring for no day", { loan: { ...LOAN, lifeDays: 0 } }, "BAD_USER_INPUT", "loan.lifeDays"],
    ["monitoring of nothing", { loan: { ...LOAN, categories: [] } }, "BAD_USER_INPUT", "loan.categories"],
    [
      "monitoring further back than it needs",
      { loan: { ...LOAN, lookbackMonths: 13 } },
      "PURPOSE_CEILING_EXCEEDED",
      "loan.lookbackMonths",
    ],
    [
      "monitoring more often than it needs",
      { loan: { ...LOAN, frequency: { count: 2, period: "DAY" } } },
      "PURPOSE_CEILING_EXCEEDED",
      "loan.frequency",
    ],
  ])("%s is refused, and nothing is kept", async (_name, over, code, argument) => {
    const reply = await grant(over);
    expect(reply.codes).toEqual([code]);
    expect(reply.facts).toMatchObject({ argument, rule: expect.any(String), article: expect.any(String) });
    expect((await room.postgres.pool.query("select 1 from consents.consent")).rows).toEqual([]);
  });

  test("a monitoring of five years, the ceiling, may be agreed", async () => {
    expect((await grant({ loan: { ...LOAN, lifeDays: 1_825, lookbackMonths: 12 } })).codes).toEqual([]);
  });
});

describe("terms beyond the purpose", () => {
  const BEYOND = {
    lookbackMonths: 60,
    expiresAt: "2026-12-31T00:00:00.000Z",
    frequency: { count: 5, period: "DAY" },
    categories: ["IDENTITY", "TRANSACTIONS", "REVIEWS"],
    records: ["TRANSACTIONS", "REVIEWS"],
    loan: { ...LOAN, categories: ["TRANSACTIONS", "SOCIAL"], lookbackMonths: 36, lifeDays: 3_650 },
  };

  test("are refused as a whole unless the asker says otherwise", async () => {
    for (const outOfRange of [undefined, "REFUSE"]) {
      const reply = await grant({ ...BEYOND, outOfRange });
      expect(reply.codes).toEqual(["PURPOSE_CEILING_EXCEEDED"]);
      const fields = (reply.facts["problems"] as { field: string }[]).map(({ field }) => field);
      expect(fields).toEqual([
        "records",
        "lookbackMonths",
        "frequency",
        "expiresAt",
        "loan.lookbackMonths",
        "loan.categories",
        "loan.lifeDays",
      ]);
    }
  });

  test("are cut to what it allows, and each cut is told with rule and article", async () => {
    const { data } = await grant({ ...BEYOND, outOfRange: "CLAMP" });
    const article = "征信业务管理办法 第七条";
    expect(data.grantConsent).toMatchObject({
      categories: BEYOND.categories,
      records: ["TRANSACTIONS"],
      lookbackMonths: 36,
      expiresAt: "2026-06-13T04:00:00.000Z",
      frequency: { count: 5, period: "MONTH" },
      loan: { ...LOAN, categories: ["TRANSACTIONS"], lookbackMonths: 12, lifeDays: 1_825 },
    });
    expect(data.grantConsent.cuts).toEqual([
      {
        field: "records",
        asked: "TRANSACTIONS REVIEWS",
        given: "TRANSACTIONS",
        rule: "ceiling.level",
        article,
      },
      { field: "lookbackMonths", asked: "60", given: "36", rule: "ceiling.lookback", article },
      {
        field: "expiresAt",
        asked: "2026-12-31T00:00:00.000Z",
        given: "2026-06-13T04:00:00.000Z",
        rule: "ceiling.life",
        article,
      },
      { field: "frequency", asked: "5 a DAY", given: "5 a MONTH", rule: "ceiling.frequency", article },
      {
        field: "loan.categories",
        asked: "TRANSACTIONS SOCIAL",
        given: "TRANSACTIONS",
        rule: "ceiling.loan",
        article,
      },
      { field: "loan.lookbackMonths", asked: "36", given: "12", rule: "ceiling.lookback", article },
      { field: "loan.lifeDays", asked: "3650", given: "1825", rule: "ceiling.life", article },
    ]);
    const [kept] = (await room.ask(bank, `{ consents { nodes { ${SCOPE} } } }`)).data.consents.nodes;
    expect(kept.cuts).toEqual(data.grantConsent.cuts);
    expect(payloadOf(data.grantConsent.artefact)).not.toHaveProperty("cuts");
  });

  test("that leave nothing, or are no terms, are refused though the asker would take less", async () => {
    const collection = {
      purpose: "COLLECTION",
      categories: ["REVIEWS"],
      frequency: { count: 1, period: "MONTH" },
    };
    for (const [over, code, argument] of [
      [collection, "PURPOSE_CEILING_EXCEEDED", "categories"],
      [{ purpose: "OWN_QUERY" }, "PURPOSE_CEILING_EXCEEDED", "purpose"],
      [{ categories: [] }, "BAD_USER_INPUT", "categories"],
      [{ lookbackMonths: 0 }, "BAD_USER_INPUT", "lookbackMonths"],
      [{ records: ["REVIEWS"] }, "BAD_USER_INPUT", "records"],
      [{ expiresAt: "2026-03-15T04:00:00.000Z" }, "BAD_USER_INPUT", "expiresAt"],
    ] as const) {
      const reply = await grant({ ...over, outOfRange: "CLAMP" });
      expect(reply.codes).toEqual([code]);
      expect(reply.facts["argument"]).toBe(argument);
    }
  });

  test("of a request are cut as of its own instant, so that a retry gives the same request", async () => {
    const asked = { ...BEYOND, outOfRange: "CLAMP" };
    const first = (await request(asked)).data.requestConsent;
    expect(first).toMatchObject({ expiresAt: "2026-06-13T04:00:00.000Z", lookbackMonths: 36 });
    expect(first.cuts).toHaveLength(7);
    room.setNow("2026-03-16T04:00:00.000Z");
    expect((await request(asked)).data.requestConsent).toEqual(first);
    const [seen] = (await room.ask(alice, `{ consentRequests { nodes { ${SCOPE} } } }`)).data.consentRequests
      .nodes;
    expect(seen.cuts).toEqual(first.cuts);
    expect((await approve(first.id)).data.approveConsentRequest).toMatchObject({
      expiresAt: "2026-06-13T04:00:00.000Z",
      cuts: [],
    });
  });
});

describe("an approval of levels, accounts and loan terms", () => {
  const ASKED = {
    ...WIDE,
    loan: { ...LOAN, categories: ["TRANSACTIONS", "SETTLEMENTS"], records: ["SETTLEMENTS"] },
  };

  test("gives what was asked where nothing is said", async () => {
    expect((await approve(await requested(ASKED))).data.approveConsentRequest).toMatchObject({
      categories: ASKED.categories,
      records: ASKED.records,
      accounts: null,
      loan: ASKED.loan,
    });
  });

  test("may take records, accounts and the loan away", async () => {
    const less = { records: ["SETTLEMENTS"], accounts: [ACCOUNTS[0]], withoutLoan: true };
    expect((await approve(await requested(ASKED), less)).data.approveConsentRequest).toMatchObject({
      categories: ASKED.categories,
      records: ["SETTLEMENTS"],
      accounts: [ACCOUNTS[0]],
      loan: null,
    });
  });

  test("takes a category's records and monitoring away with it", async () => {
    const less = { categories: ["IDENTITY", "TRANSACTIONS"] };
    expect((await approve(await requested(ASKED), less)).data.approveConsentRequest).toMatchObject({
      categories: ["IDENTITY", "TRANSACTIONS"],
      records: ["TRANSACTIONS"],
      loan: { ...LOAN, categories: ["TRANSACTIONS"], records: [] },
    });
    room.setNow("2026-03-16T04:00:00.000Z");
    const only = { categories: ["IDENTITY"] };
    expect((await approve(await requested(ASKED), only)).data.approveConsentRequest).toMatchObject({
      records: [],
      loan: null,
    });
  });

  test("may narrow the loan terms", async () => {
    const loan = {
      ...ASKED.loan,
      records: [],
      lookbackMonths: 1,
      frequency: { count: 1, period: "MONTH" },
      lifeDays: 30,
    };
    expect((await approve(await requested(ASKED), { loan })).data.approveConsentRequest.loan).toEqual(loan);
  });

  test.each([
    ["records that were not asked for", { records: ["IDENTITY"] }, "records"],
    ["another account", { accounts: [{ platform: "p", sellerId: "other" }] }, "accounts"],
    ["a longer monitoring", { loan: { ...ASKED.loan, lifeDays: 366 } }, "loan.lifeDays"],
    ["a monitoring further back", { loan: { ...ASKED.loan, lookbackMonths: 7 } }, "loan.lookbackMonths"],
    [
      "a monitoring more often",
      { loan: { ...ASKED.loan, frequency: { count: 1, period: "DAY" } } },
      "loan.frequency",
    ],
    ["a monitoring of more", { loan: { ...ASKED.loan, categories: ["IDENTITY"] } }, "loan.categories"],
    ["a monitoring of more records", { loan: { ...ASKED.loan, records: ["TRANSACTIONS"] } }, "loan.records"],
    ["a loan both narrowed and left out", { loan: ASKED.loan, withoutLoan: true }, "withoutLoan"],
  ])("with %s is refused, and the request stays pending", async (_name, over, argument) => {
    const id = await requested({ ...ASKED, accounts: ACCOUNTS });
    const reply = await approve(id, over);
    expect(reply.codes).toEqual(["BAD_USER_INPUT"]);
    expect(reply.facts["argument"]).toBe(argument);
    expect((await approve(id)).codes).toEqual([]);
  });

  test("cannot add a loan or records to a request without", async () => {
    const id = await requested();
    expect((await approve(id, { loan: LOAN })).facts["argument"]).toBe("loan");
    expect((await approve(id, { records: ["TRANSACTIONS"] })).facts["argument"]).toBe("records");
    expect(
      (await approve(id, { withoutLoan: true, accounts: [ACCOUNTS[0]] })).data.approveConsentRequest,
    ).toMatchObject({
      accounts: [ACCOUNTS[0]],
      loan: null,
    });
  });
});

describe("the requests of one bank to one merchant", () => {
  const once = { count: 1, period: "MONTH" };
  const FOUR = ["PRE_LOAN_ASSESSMENT", "CREDIT_LIMIT_REVIEW", "POST_LOAN_MONITORING", "GUARANTEE_REVIEW"];

  test("are at most three at once; the fourth waits until one is answered or lapses", async () => {
    const ids: string[] = [];
    for (const purpose of FOUR.slice(0, 3)) ids.push(await requested({ purpose, frequency: once }));
    const fourth = { purpose: FOUR[3], frequency: once };
    const refused = await request(fourth);
    expect(refused.codes).toEqual(["RATE_LIMITED"]);
    expect(refused.facts).toMatchObject({
      rule: "request.pending",
      article: "征信业务管理办法 第七条",
      retryAt: "2026-03-30T04:00:00.000Z",
      retryAfterSeconds: 15 * 86_400,
    });
    // The same request again is none more; other banks and merchants have their own count.
    expect(await requested({ purpose: FOUR[0], frequency: once })).toBe(ids[0]);
    expect((await request(fourth, secondBank)).codes).toEqual([]);
    expect((await request({ ...fourth, merchant: NOBODY })).codes).toEqual([]);
    await approve(ids[0] ?? "");
    expect((await request(fourth)).codes).toEqual([]);
  });

  test("lapse to the millisecond, and make room", async () => {
    for (const purpose of FOUR.slice(0, 3)) await requested({ purpose, frequency: once });
    const fourth = { purpose: FOUR[3], frequency: once };
    room.setNow("2026-03-30T03:59:59.999Z");
    expect((await request(fourth)).codes).toEqual(["RATE_LIMITED"]);
    room.setNow("2026-03-30T04:00:00.000Z");
    expect((await request(fourth)).codes).toEqual([]);
  });

  test("are no more for being sent at once", async () => {
    const replies = await Promise.all(FOUR.map((purpose) => request({ purpose, frequency: once })));
    expect(replies.filter(({ codes }) => codes.length === 0)).toHaveLength(3);
    expect(replies.flatMap(({ codes }) => codes)).toEqual(["RATE_LIMITED"]);
  });

  test("cite the article for persons where the merchant is a sole trader", async () => {
    for (const purpose of FOUR.slice(0, 3)) await requested({ purpose, frequency: once, merchant: BOB });
    const refused = await request({ purpose: FOUR[3], frequency: once, merchant: BOB });
    expect(refused.facts).toMatchObject({ rule: "request.pending", article: "个人信息保护法 第六条" });
  });
});
