import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../foundation/clock.js";
import { ALICE, bankToken, BOB, grant, NOBODY, publishTwoMerchants, STRANGER } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { wayIn } from "../support/doors.js";
import { sendWithToken } from "../support/proofs.js";

const statements: string[] = [];
let bureau: TestBureau;
let token: string;

/**
 * Alice has records and consented to another bank, Bob has records and consented to nobody. Of the enterprise NOBODY and
 * the sole trader STRANGER nothing was ever heard.
 */
beforeAll(async () => {
  const { query } = pg.Client.prototype;
  vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [first] = args as [string | { readonly text?: string }];
    statements.push(typeof first === "string" ? first : (first.text ?? ""));
    return Reflect.apply(query, this, args) as never;
  });
  // Time stands still for it: on a busy machine an answer grows old, and is checked again, by chance.
  bureau = await startTestBureau({ clock: { ...systemClock, monotonicMs: () => 0 } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { bank: "other-bank" });
  token = await bankToken(bureau);
});
afterAll(async () => {
  await bureau.close();
  vi.restoreAllMocks();
});

const PAIRS = [
  ["a sole trader without consents", BOB, STRANGER],
  ["an enterprise that consented to another bank", ALICE, NOBODY],
] as const;

const ALL =
  "identity { legalName } reviews { reviewCount { value } } transactions { orderCount { value } } social { followers { value } }";
const inquiry = (id: string) => `id: "${id}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1"`;

const OPERATIONS: readonly (readonly [string, (id: string) => string])[] = [
  ["one inquiry", (id) => `{ merchant(${inquiry(id)}) { id ${ALL} } }`],
  ["nothing but its type", (id) => `{ merchant(${inquiry(id)}) { __typename } }`],
  ["two aliases", (id) => `{ a: merchant(${inquiry(id)}) { id } b: merchant(${inquiry(id)}) { ${ALL} } }`],
  ["a portfolio", (id) => `{ merchants(inquiries: [{ ${inquiry(id)} }, { ${inquiry(id)} }]) { id ${ALL} } }`],
  [
    "a purpose that needs less",
    (id) => `{ merchant(id: "${id}", purpose: COLLECTION, reference: "C-1") { ${ALL} } }`,
  ],
  [
    "a request for consent",
    (id) =>
      `mutation { requestConsent(input: { merchant: "${id}", purpose: PRE_LOAN_ASSESSMENT, categories: [IDENTITY], lookbackMonths: 12, expiresAt: "${new Date(Date.now() + 86_400_000 * 30).toISOString()}", frequency: { count: 1, period: MONTH } }) { state merchantId categories } }`,
  ],
  ["its own record of inquiries", (id) => `{ inquiries(first: 5, merchant: "${id}") { nodes { id } } }`],
];

/** Everything of a response that a stranger sees, with what differs each time made equal at equal length. */
async function look(id: string, query: string) {
  const { path, body: sent } = wayIn(bureau.gateway, { query });
  const reply = await sendWithToken(bureau.gateway, { token, method: "POST", path }, (own) => {
    statements.length = 0;
    return bureau.gateway.app.inject({
      method: "POST",
      url: path,
      headers: { ...own, "content-type": "application/json" },
      payload: JSON.stringify(sent),
    });
  });
  const headers: Record<string, unknown> = { ...reply.headers };
  // Told of every request, whomever it asks about: when, which one, and how the client's budget stands.
  for (const each of ["date", "x-request-id", "ratelimit", "dpop-nonce"])
    headers[each] = typeof headers[each];
  const body = reply.payload
    .replaceAll(id, "I".repeat(id.length))
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (uuid) => "U".repeat(uuid.length))
    .replaceAll(/[0-9a-f]{64}/g, (hash) => "H".repeat(hash.length))
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => "T".repeat(instant.length))
    .replaceAll(/"(remaining|resetsInSeconds)":\d+/g, '"$1":0');
  return { status: reply.statusCode, headers, body, statements: [...statements] };
}

describe("A7: whether a merchant is known here", () => {
  describe.each(PAIRS)("%s", (_who, known, unknown) => {
    it.each(OPERATIONS)(
      "A7 shows in no body, status or header, and in no statement walked: %s",
      async (_what, query) => {
        // Once before, of a third, so that no plan, connection or statement is new to the one and old to the other.
        const third = `${known.slice(0, 14)}W1X2`;
        await look(third, query(third));
        const looks = [await look(known, query(known)), await look(unknown, query(unknown))];
        expect(looks[0]?.status).toBe(200);
        expect(looks[1]).toEqual(looks[0]);
      },
    );
  });

  it("A7 shows beside a consenting merchant neither", async () => {
    await grant(bureau, ALICE, { bank: "demo-bank", categories: ["REVIEWS"] });
    const beside = (id: string) =>
      `{ merchants(inquiries: [{ ${inquiry(ALICE)} }, { ${inquiry(id)} }]) { id ${ALL} } }`;
    await look(BOB, beside(BOB));
    const normal = (text: string) => text.replaceAll(/"remainingUses":\d+/g, '"remainingUses":0');
    const looks = [await look(BOB, beside(BOB)), await look(STRANGER, beside(STRANGER))];
    expect(normal(looks[1]?.body ?? "")).toEqual(normal(looks[0]?.body ?? "-"));
    // The record is written beside the fetch; which of them is first is chance.
    expect(looks[0]?.statements.length).toBeGreaterThan(3);
    expect(looks[1]?.statements.toSorted()).toEqual(looks[0]?.statements.toSorted());
  });
});
