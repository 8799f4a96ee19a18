import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../../foundation/tokens.js";
import { ALICE, bankToken, grant, PROFILE, publishTwoMerchants } from "../../support/actors.js";
import { askBy, type House, startHouse } from "./two-doors.js";

const STRICT = "strict-bank";
const FREE = "free-bank";
const text = `query Name($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } } }`;
const NAME = { id: sha256Hex(text), text, from: "a test" };
const UNKNOWN = `sha256:${sha256Hex("{ me { id } }")}`;
const DOORS = ["general", "lean"] as const;

/** One client must, another need not; and a house where all must. */
let house: House;
let strict: House;

beforeAll(async () => {
  const sources = [NAME];
  house = await startHouse({ settings: { trust: { sources, requiredOf: [`bank:${STRICT}`] } } });
  strict = await startHouse({ settings: { trust: { sources, requiredOf: ["*"] } } });
  for (const { bureau } of [house, strict]) await publishTwoMerchants(bureau);
  for (const bank of [STRICT, FREE]) await grant(house.bureau, ALICE, { bank });
}, 120_000);
afterAll(async () => {
  await house.bureau.close();
  await strict.bureau.close();
});

const variables = { id: ALICE };
const trusted = { documentId: `sha256:${NAME.id}`, variables };
const codeOf = (seen: { body: { errors?: { extensions: { code: string } }[] } }) =>
  seen.body.errors?.[0]?.extensions.code;

describe("a client that must send trusted documents", () => {
  it.each(DOORS)("is answered to one by the %s door", async (door) => {
    const token = await bankToken(house.bureau, STRICT);
    const seen = await askBy(door, house, { token, body: trusted });
    expect(seen).toMatchObject({
      status: 200,
      body: { data: { merchant: { identity: { legalName: "Alice Trading" } } } },
      entries: [{ asker: STRICT, decision: "GRANTED" }],
    });
  });

  it.each([
    ["that is fine", PROFILE],
    ["of a trusted document", NAME.text],
    ["of no operation at all", "}{"],
    ["that is too deep", `{ ${"a { ".repeat(300)} id ${"}".repeat(300)} }`],
    ["that asks for nothing", "{ __typename }"],
  ])("is refused a text %s, before it is read", async (_what, query) => {
    const token = await bankToken(house.bureau, STRICT);
    const seen = await askBy("text", house, { token, body: { query, variables } });
    expect(seen).toMatchObject({ status: 403, entries: [], told: ["PERSISTED_DOCUMENT_REQUIRED"] });
    expect(codeOf(seen)).toBe("PERSISTED_DOCUMENT_REQUIRED");
    expect(seen.headers["ratelimit"]).toContain('"requests"');
  });

  it("may not put a text beside an id, nor an id of its own making", async () => {
    const token = await bankToken(house.bureau, STRICT);
    const both = await askBy("text", house, { token, body: { ...trusted, query: NAME.text } });
    expect([both.status, codeOf(both)]).toEqual([400, "BAD_USER_INPUT"]);
    const own = await askBy("text", house, { token, body: { documentId: UNKNOWN } });
    expect([own.status, codeOf(own)]).toEqual([404, "PERSISTED_DOCUMENT_NOT_FOUND"]);
  });

  it("is told apart from all others: they may write their operations", async () => {
    const token = await bankToken(house.bureau, FREE);
    expect(await askBy("text", house, { token, body: { query: PROFILE, variables } })).toMatchObject({
      status: 200,
      body: { data: { merchant: { id: ALICE } } },
    });
    for (const door of DOORS)
      expect(await askBy(door, house, { token, body: trusted })).toMatchObject({ status: 200 });
  });

  it("is everybody where the setting says so", async () => {
    for (const party of [
      { party: "bank", id: FREE },
      { party: "merchant", id: ALICE },
      { party: "officer", id: "officer-1" },
    ] as const) {
      const token = await strict.bureau.token(party);
      const seen = await askBy("text", strict, { token, body: { query: "{ __typename }" } });
      expect([seen.status, codeOf(seen)]).toEqual([403, "PERSISTED_DOCUMENT_REQUIRED"]);
    }
    const token = await bankToken(strict.bureau, FREE);
    for (const door of DOORS)
      expect(await askBy(door, strict, { token, body: trusted })).toMatchObject({ status: 200 });
  });
});

describe("a trusted document", () => {
  it("is found or not alike at both doors, by whoever is known, and by nobody else", async () => {
    const token = await bankToken(house.bureau, FREE);
    for (const [documentId, status, code] of [
      [UNKNOWN, 404, "PERSISTED_DOCUMENT_NOT_FOUND"],
      [NAME.id, 400, "BAD_USER_INPUT"],
      ["", 400, "BAD_USER_INPUT"],
      [`sha256:${NAME.id.toUpperCase()}`, 400, "BAD_USER_INPUT"],
      [7, 400, "BAD_USER_INPUT"],
    ] as const) {
      const seen = [];
      for (const door of DOORS)
        seen.push(await askBy(door, house, { token, body: { documentId, variables } }));
      expect(seen.map((each) => [each.status, codeOf(each)])).toEqual([
        [status, code],
        [status, code],
      ]);
      expect(seen[1]).toEqual(seen[0]);
    }
    const strangers = new Set<string>();
    for (const door of DOORS)
      for (const documentId of [UNKNOWN, trusted.documentId])
        strangers.add(JSON.stringify(await askBy(door, house, { body: { documentId, variables } })));
    expect(strangers.size).toBe(1);
    expect([...strangers][0]).toContain("UNAUTHENTICATED");
  });

  it("runs under its own name or none, at both doors", async () => {
    const token = await bankToken(house.bureau, FREE);
    for (const door of DOORS) {
      const named = await askBy(door, house, { token, body: { ...trusted, operationName: "Name" } });
      expect(named.status).toBe(200);
      const other = await askBy(door, house, { token, body: { ...trusted, operationName: "Other" } });
      expect([other.status, codeOf(other)]).toEqual([400, "BAD_USER_INPUT"]);
      expect(other.entries).toEqual([]);
    }
  });

  it("is the only thing that the lean door takes", async () => {
    const token = await bankToken(house.bureau, FREE);
    const body = { query: NAME.text, variables };
    const seen = await askBy("lean", house, { token, payload: JSON.stringify(body), body: {} });
    expect([seen.status, codeOf(seen)]).toEqual([403, "PERSISTED_DOCUMENT_REQUIRED"]);
    expect(seen.entries).toEqual([]);
    const stranger = await askBy("lean", house, { payload: JSON.stringify(body), body: {} });
    expect(codeOf(stranger)).toBe("UNAUTHENTICATED");
  });

  it("is as bound to its door's address as any request: a proof for one door is none for the other", async () => {
    const token = await bankToken(house.bureau, FREE);
    const proof = await house.bureau.proofKey.sign({
      method: "POST",
      url: "https://xinqiao.test/graphql",
      accessToken: token,
      nonce: undefined,
      now: house.bureau.clock.now(),
    });
    const headers = { authorization: `DPoP ${token}`, dpop: proof };
    const seen = await askBy("lean", house, { body: trusted, headers });
    expect([seen.status, codeOf(seen)]).toEqual([401, "DPOP_PROOF_INVALID"]);
  });
});

describe("an operation that is written out", () => {
  it("whose name fits none of its operations runs none", async () => {
    const token = await bankToken(house.bureau, FREE);
    const seen = await askBy("text", house, {
      token,
      body: { query: NAME.text, variables, operationName: "Other" },
    });
    expect([seen.status, codeOf(seen)]).toEqual([400, "OPERATION_RESOLUTION_FAILURE"]);
    expect(seen.entries).toEqual([]);
  });
});
