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

const request = (over: object = {}, caller = bank) =>
  room.ask(caller, REQUEST, { input: { ...TERMS, merchant: ALICE, ...over } });
const approve = (requestId: string, over: object = {}) =>
  room.ask(alice, APPROVE, { input: { requestId, ...over } });
const requested = async (over: object = {}): Promise<string> => {
  const reply = await request(over);
  if (reply.codes.length > 0) throw new Error(JSON.stringify(reply.facts));
  return reply.data.requestConsent.id;
};

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
