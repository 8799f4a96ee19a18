import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  ALICE,
  bank,
  bob,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  NOBODY,
  openConsentRoom,
  REQUEST,
  secondBank,
  TERMS,
} from "./consent-room.js";

let room: ConsentRoomTest;

beforeEach(async () => {
  room = await openConsentRoom({ fakeClock: true });
});
afterEach(() => room.close());

const APPROVE = `mutation($input: ApproveConsentRequestInput!) { approveConsentRequest(input: $input) {
  id state version supersedes bank purpose categories lookbackMonths startsAt expiresAt frequency { count period } } }`;
const DENY =
  "mutation($input: DenyConsentRequestInput!) { denyConsentRequest(input: $input) { id state decidedAt } }";
const LIST =
  "query($first: Int, $after: String) { consentRequests(first: $first, after: $after) { nodes { id state bank merchantId consentId } pageInfo { hasNextPage endCursor } } }";

const request = (over: object = {}, caller = bank) =>
  room.ask(caller, REQUEST, { input: { ...TERMS, merchant: ALICE, ...over } });
const requested = async (over: object = {}): Promise<string> => (await request(over)).data.requestConsent.id;
const approve = (requestId: string, over: object = {}, caller = alice) =>
  room.ask(caller, APPROVE, { input: { requestId, ...over } });
const deny = (requestId: string, caller = alice) => room.ask(caller, DENY, { input: { requestId } });
const stateOf = async (id: string, caller = alice) =>
  (await room.ask(caller, LIST)).data.consentRequests.nodes.find((node: { id: string }) => node.id === id)
    ?.state;

describe("a bank's request", () => {
  test("is pending until the merchant answers, and becomes a consent that starts at once", async () => {
    const reply = await request();
    expect(reply.data.requestConsent).toMatchObject({
      state: "PENDING",
      lapsesAt: "2026-03-30T04:00:00.000Z",
    });
    room.setNow("2026-03-16T04:00:00.000Z");
    const { id } = reply.data.requestConsent;
    expect((await approve(id)).data.approveConsentRequest).toMatchObject({
      state: "ACTIVE",
      version: 1,
      supersedes: null,
      bank: "demo-bank",
      purpose: TERMS.purpose,
      categories: TERMS.categories,
      lookbackMonths: 12,
      startsAt: "2026-03-16T04:00:00.000Z",
      expiresAt: TERMS.expiresAt,
      frequency: TERMS.frequency,
    });
    expect(await stateOf(id)).toBe("APPROVED");
    expect(await stateOf(id, bank)).toBe("APPROVED");
  });

  test("gives no data before it is approved: there is no consent", async () => {
    await requested();
    expect((await room.ask(bank, "{ consents { nodes { id } } }")).data.consents.nodes).toEqual([]);
  });

  test("about an unknown merchant is answered as one about a known merchant", async () => {
    await room.ask(alice, GRANT, { input: { ...TERMS, bank: "second-bank" } });
    const shapeOf = (reply: Awaited<ReturnType<typeof request>>) => ({
      ...reply.data.requestConsent,
      id: typeof reply.data.requestConsent.id,
    });
    expect(shapeOf(await request({ merchant: NOBODY }))).toEqual(shapeOf(await request()));
  });

  test("sent again gives the pending one; a different one is a conflict; another purpose is another request", async () => {
    const id = await requested();
    expect(await requested({ categories: ["TRANSACTIONS", "IDENTITY", "IDENTITY"] })).toBe(id);
    expect((await request({ lookbackMonths: 6 })).codes).toEqual(["CONFLICT"]);
    expect(
      await requested({ purpose: "CREDIT_LIMIT_REVIEW", frequency: { count: 1, period: "MONTH" } }),
    ).not.toBe(id);
    expect((await request({}, secondBank)).data.requestConsent.id).not.toBe(id);
  });

  test("sent many times at once is one request", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => requested()));
    expect(new Set(ids).size).toBe(1);
  });

  test("beyond the purpose's ceiling is refused with rule and article", async () => {
    const reply = await request({ lookbackMonths: 37 });
    expect(reply.codes).toEqual(["PURPOSE_CEILING_EXCEEDED"]);
    expect(reply.facts).toMatchObject({
      rule: "ceiling.lookback",
      article: "征信业务管理办法 第七条",
      argument: "lookbackMonths",
    });
    expect((await request({ expiresAt: "2026-03-15T04:00:00.000Z" })).codes).toEqual(["BAD_USER_INPUT"]);
    expect((await request({ purpose: "OWN_QUERY" })).codes).toEqual(["PURPOSE_CEILING_EXCEEDED"]);
    expect((await request({ merchant: "no code" })).codes).toEqual(["BAD_USER_INPUT"]);
  });

  test("is a bank's to make, with the scope for it", async () => {
    expect((await request({}, alice)).codes).toEqual(["FORBIDDEN"]);
    expect((await request({}, { ...bank, scopes: ["consents:read"] })).codes).toEqual(["INSUFFICIENT_SCOPE"]);
  });
});

describe("an approval", () => {
  test("may narrow everything", async () => {
    const narrower = {
      categories: ["IDENTITY"],
      lookbackMonths: 3,
      expiresAt: "2026-04-01T00:00:00.000Z",
      frequency: { count: 1, period: "WEEK" },
    };
    expect((await approve(await requested(), narrower)).data.approveConsentRequest).toMatchObject(narrower);
  });

  test.each([
    ["a category that was not asked for", { categories: ["IDENTITY", "REVIEWS"] }, "categories"],
    ["no category at all", { categories: [] }, "categories"],
    ["more months", { lookbackMonths: 13 }, "lookbackMonths"],
    ["no months", { lookbackMonths: 0 }, "lookbackMonths"],
    ["a later end", { expiresAt: "2026-05-01T00:00:00.001Z" }, "expiresAt"],
    ["more inquiries", { frequency: { count: 11, period: "MONTH" } }, "frequency"],
    ["more inquiries by another period", { frequency: { count: 1, period: "DAY" } }, "frequency"],
    ["no inquiries", { frequency: { count: 0, period: "MONTH" } }, "frequency"],
  ])("with %s is refused, and the request stays pending", async (_name, over, argument) => {
    const id = await requested();
    const reply = await approve(id, over);
    expect(reply.codes).toEqual(["BAD_USER_INPUT"]);
    expect(reply.facts["argument"]).toBe(argument);
    expect(await stateOf(id)).toBe("PENDING");
    expect((await approve(id)).codes).toEqual([]);
  });

  test("supersedes the live consent for the same bank and purpose", async () => {
    const old = (await room.ask(alice, GRANT, { input: { ...TERMS, bank: "demo-bank" } })).data.grantConsent
      .id;
    expect((await approve(await requested())).data.approveConsentRequest).toMatchObject({
      version: 2,
      supersedes: old,
    });
  });

  test("happens once, however often it is sent at once", async () => {
    const id = await requested();
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? approve(id) : deny(id))),
    );
    expect(replies.filter((reply) => reply.data.approveConsentRequest != null).length).toBeLessThanOrEqual(1);
    const consents = await room.postgres.pool.query("select 1 from consents.consent");
    expect(consents.rows).toHaveLength((await stateOf(id)) === "APPROVED" ? 1 : 0);
  });

  test("of another merchant's request finds nothing", async () => {
    const id = await requested();
    for (const reply of [
      await approve(id, {}, bob),
      await deny(id, bob),
      await approve("no uuid"),
      await deny("no uuid"),
    ]) {
      expect(reply.codes).toEqual(["NOT_FOUND"]);
    }
    expect((await approve(id, {}, bank)).codes).toEqual(["FORBIDDEN"]);
    expect((await deny(id, { ...alice, scopes: ["consents:read"] })).codes).toEqual(["INSUFFICIENT_SCOPE"]);
    expect(await stateOf(id)).toBe("PENDING");
  });
});

describe("a request that lapses", () => {
  test("can be approved one millisecond before 15 days, and not at 15 days", async () => {
    const first = await requested();
    const second = await requested({
      purpose: "CREDIT_LIMIT_REVIEW",
      frequency: { count: 1, period: "MONTH" },
    });
    room.setNow("2026-03-30T03:59:59.999Z");
    expect((await approve(first)).codes).toEqual([]);
    room.setNow("2026-03-30T04:00:00.000Z");
    expect(await stateOf(second)).toBe("LAPSED");
    for (const reply of [await approve(second), await deny(second)])
      expect(reply.facts).toMatchObject({ code: "CONFLICT", state: "LAPSED" });
  });

  test("lapses with the end that it asks for, and can be made again", async () => {
    const id = await requested({ expiresAt: "2026-03-16T00:00:00.000Z" });
    room.setNow("2026-03-16T00:00:00.000Z");
    expect(await stateOf(id)).toBe("LAPSED");
    expect(await requested()).not.toBe(id);
  });
});

describe("a denial", () => {
  test("keeps the bank from asking again for 30 days, to the millisecond", async () => {
    const id = await requested();
    const denied = await deny(id);
    expect(denied.data.denyConsentRequest).toMatchObject({
      state: "DENIED",
      decidedAt: "2026-03-15T04:00:00.000Z",
    });
    room.setNow("2026-04-14T03:59:59.999Z");
    const reply = await request();
    expect(reply.codes).toEqual(["RATE_LIMITED"]);
    expect(reply.facts).toMatchObject({
      rule: "request.cooldown",
      article: "网络数据安全管理条例 第二十二条",
      retryAt: "2026-04-14T04:00:00.000Z",
    });
    room.setNow("2026-04-14T04:00:00.000Z");
    expect((await request()).codes).toEqual([]);
  });

  test("holds for that bank and purpose only, and does not bind the merchant", async () => {
    await deny(await requested());
    expect((await request({}, secondBank)).codes).toEqual([]);
    expect((await request({ merchant: NOBODY })).codes).toEqual([]);
    expect(
      (await request({ purpose: "CREDIT_LIMIT_REVIEW", frequency: { count: 1, period: "MONTH" } })).codes,
    ).toEqual([]);
    expect((await room.ask(alice, GRANT, { input: { ...TERMS, bank: "demo-bank" } })).codes).toEqual([]);
  });

  test("sent again gives the same answer; an approval after it is a conflict", async () => {
    const id = await requested();
    const first = await deny(id);
    room.setNow("2026-03-16T00:00:00.000Z");
    expect(await deny(id)).toEqual(first);
    expect((await approve(id)).codes).toEqual(["CONFLICT"]);
  });
});

describe("the list of requests", () => {
  test("is cut into pages and shows each party its own", async () => {
    const ids = [];
    for (let i = 0; i < 5; i += 1)
      ids.push((await request({}, { party: "bank", id: `bank-${i}` })).data.requestConsent.id);
    await request({ merchant: NOBODY });
    const first = (await room.ask(alice, LIST, { first: 3 })).data.consentRequests;
    const rest = (await room.ask(alice, LIST, { first: 3, after: first.pageInfo.endCursor })).data
      .consentRequests;
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
    expect([...first.nodes, ...rest.nodes].map((node) => node.id).toSorted()).toEqual(ids.toSorted());
    expect((await room.ask(bob, LIST)).data.consentRequests.nodes).toEqual([]);
    expect((await room.ask(bank, LIST)).data.consentRequests.nodes).toMatchObject([{ merchantId: NOBODY }]);
  });

  test("names the consent that an approval made", async () => {
    const made = (await approve(await requested())).data.approveConsentRequest;
    expect((await room.ask(bank, LIST)).data.consentRequests.nodes).toMatchObject([
      { state: "APPROVED", consentId: made.id },
    ]);
    expect((await room.ask(alice, CHANGE("revokeConsent"), { input: { consentId: made.id } })).codes).toEqual(
      [],
    );
    expect((await request()).codes).toEqual([]);
  });
});
