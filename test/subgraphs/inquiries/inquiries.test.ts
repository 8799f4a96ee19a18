import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InquiryEntry } from "../../../schema/ports.js";
import { createInquiryLog } from "../../../subgraphs/inquiries/index.js";
import { ALICE, BOB, type Caller, entryOf, type InquiryRoomTest, openInquiryRoom } from "./inquiry-room.js";

const LIST = `query($first: Int, $after: String, $merchant: MerchantId) { inquiries(first: $first, after: $after, merchant: $merchant) {
  nodes { id at merchantId party asker bank purpose reference asked released decision consentId months { from until } rulebook leafHash
    rules { category allowed code rule article } }
  pageInfo { hasNextPage endCursor } } }`;

const alice: Caller = { party: "merchant", id: ALICE };
const bob: Caller = { party: "merchant", id: BOB };
const bank: Caller = { party: "bank", id: "demo-bank" };
const secondBank: Caller = { party: "bank", id: "second-bank" };
const officer: Caller = { party: "officer", id: "officer-1" };

let room: InquiryRoomTest;
const first = entryOf();
const others = Array.from({ length: 4 }, (_, i) => entryOf({ reference: `CASE-${i + 2}` }));
const foreign = entryOf({ asker: "second-bank", reference: "SECRET", merchant: ALICE });
const bobs = entryOf({ merchant: BOB });
const own = entryOf({
  party: "merchant",
  asker: ALICE,
  purpose: "OWN_QUERY",
  reference: "own-file",
  decision: "GRANTED",
  consentId: null,
  consentVersion: null,
  months: null,
});
const sameNameAsBank = entryOf({ party: "officer", asker: "demo-bank", merchant: BOB, reference: "STAFF" });

beforeAll(async () => {
  room = await openInquiryRoom();
  const log = createInquiryLog({ postgres: room.database.open({ poolMax: 2 }), timeoutMs: 5_000 });
  for (const entry of [first, ...others, foreign, bobs, own, sameNameAsBank]) {
    await log.append([entry]);
    // Instants have milliseconds: within one, the order is that of the ids.
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await log.append([{ ...first, stage: "WITHHELD", decision: "REFUSED", released: [], rules: [] }]);
});
afterAll(() => room.close());

const idsOf = (entries: readonly InquiryEntry[]) => entries.map(({ inquiryId }) => inquiryId);
async function listFor(caller: Caller, args: object = {}) {
  const reply = await room.ask(caller, LIST, { first: 100, ...args });
  return reply.data?.inquiries?.nodes as readonly Record<string, unknown>[] | undefined;
}

describe("the list of inquiries", () => {
  test("shows a merchant who asked about it and why, newest first, but never the bank's own reference", async () => {
    const nodes = await listFor(alice);
    expect(nodes?.map((node) => node["id"])).toEqual(idsOf([own, foreign, ...others.toReversed(), first]));
    const other = nodes?.find((node) => node["id"] === others[0]?.inquiryId);
    expect(other).toMatchObject({
      merchantId: ALICE,
      party: "bank",
      asker: "demo-bank",
      bank: "demo-bank",
      purpose: "PRE_LOAN_ASSESSMENT",
      reference: null,
      decision: "PART_GRANTED",
      asked: ["IDENTITY", "REVIEWS"],
      released: ["IDENTITY"],
      months: { from: "2025-04", until: "2026-04" },
      rules: first.rules,
      rulebook: "CN-2026.1",
    });
    expect(
      nodes?.filter((node) => node["party"] === "bank").every((node) => node["reference"] === null),
    ).toBe(true);
  });

  test("shows the merchant's reading of its own file, with its own reference", async () => {
    const node = (await listFor(alice))?.find(({ id }) => id === own.inquiryId);
    expect(node).toMatchObject({
      party: "merchant",
      asker: ALICE,
      bank: null,
      purpose: "OWN_QUERY",
      reference: "own-file",
      consentId: null,
      months: null,
    });
  });

  test("shows what was released in the end, not what was decided first", async () => {
    const node = (await listFor(alice))?.find(({ id }) => id === first.inquiryId);
    expect(node).toMatchObject({ decision: "REFUSED", released: [], rules: [] });
  });

  test("shows a bank its own inquiries about anyone, with its references, and no one else's", async () => {
    const nodes = await listFor(bank);
    expect(nodes?.map((node) => node["id"])).toEqual(idsOf([bobs, ...others.toReversed(), first]));
    expect(nodes?.map((node) => node["reference"])).toEqual([
      "CASE-1",
      "CASE-5",
      "CASE-4",
      "CASE-3",
      "CASE-2",
      "CASE-1",
    ]);
    expect((await listFor(secondBank))?.map((node) => node["id"])).toEqual([foreign.inquiryId]);
    expect(await listFor({ party: "bank", id: "third-bank" })).toEqual([]);
  });

  test("shows an officer the file of the merchant named, with the references", async () => {
    const nodes = await listFor(officer, { merchant: BOB });
    expect(nodes?.map((node) => [node["id"], node["reference"]])).toEqual([
      [sameNameAsBank.inquiryId, "STAFF"],
      [bobs.inquiryId, "CASE-1"],
    ]);
    expect((await room.ask(officer, LIST)).codes).toEqual(["BAD_USER_INPUT"]);
  });

  test("is cut into pages, nothing twice and nothing left out", async () => {
    const seen: unknown[] = [];
    let after: string | null = null;
    for (let page = 0; page < 4; page += 1) {
      const reply: Awaited<ReturnType<InquiryRoomTest["ask"]>> = await room.ask(alice, LIST, {
        first: 2,
        after,
      });
      const { inquiries } = reply.data;
      seen.push(...inquiries.nodes.map((node: { id: string }) => node.id));
      expect(inquiries.pageInfo.hasNextPage).toBe(page < 3);
      after = inquiries.pageInfo.endCursor;
    }
    expect(seen).toEqual(idsOf([own, foreign, ...others.toReversed(), first]));
  });

  test("is refused to others, without the scope, and for a merchant that is not the asker's to name", async () => {
    expect(
      (await room.ask({ party: "platform", id: ALICE, scopes: ["inquiries:read"] }, LIST)).codes,
    ).toEqual(["FORBIDDEN"]);
    for (const caller of [alice, bank, officer]) {
      expect(
        (await room.ask({ ...caller, scopes: ["profile:read"] }, LIST, { merchant: ALICE })).codes,
      ).toEqual(["INSUFFICIENT_SCOPE"]);
    }
    expect((await room.ask(bob, LIST, { merchant: ALICE })).codes).toEqual(["FORBIDDEN"]);
    expect((await room.ask(bank, LIST, { merchant: ALICE })).codes).toEqual(["FORBIDDEN"]);
    expect((await room.ask(alice, LIST, { merchant: ALICE })).codes).toEqual([]);
  });

  test.each([{ first: 0 }, { first: 101 }, { after: "x" }, { merchant: "no code" }])(
    "refuses %o",
    async (args) => {
      expect((await room.ask(alice, LIST, args)).codes).toEqual(["BAD_USER_INPUT"]);
    },
  );

  test("says so when the record cannot be read", async () => {
    const other = await openInquiryRoom();
    await other.postgres.close();
    expect((await other.ask(alice, LIST)).codes).toEqual(["SERVICE_UNAVAILABLE"]);
    await other.close();
  });
});
