import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { alice, ALICE, bank, type ConsentRoomTest, openConsentRoom, TERMS } from "./consent-room.js";

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
