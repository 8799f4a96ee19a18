import { createHash, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publicKeySet } from "../../../foundation/tokens.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import {
  alice,
  ALICE,
  bank,
  bob,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  officer,
  openConsentRoom,
  secondBank,
  TERMS,
} from "./consent-room.js";

let room: ConsentRoomTest;

beforeEach(async () => {
  room = await openConsentRoom({ fakeClock: true });
});
afterEach(() => room.close());

const grant = async (over: object = {}, caller = alice) =>
  (await room.ask(caller, GRANT, { input: { ...TERMS, bank: "demo-bank", ...over } })).data.grantConsent;
const change = (verb: string, consentId: string, caller = alice) =>
  room.ask(caller, CHANGE(verb), { input: { consentId } });
const stateFor = async (caller: typeof alice, id: string) => {
  const reply = await room.ask(caller, "query($id: ID!) { consent(id: $id) { state } }", { id });
  return reply.data?.consent?.state ?? reply.codes[0];
};

describe("a merchant's own grant", () => {
  test("makes a signed artefact that holds the very terms", async () => {
    const made = await grant();
    expect(made).toMatchObject({
      version: 1,
      supersedes: null,
      state: "ACTIVE",
      remainingUses: 10,
      startsAt: "2026-03-15T04:00:00.000Z",
    });
    const [head, body, signature] = made.artefact.split(".") as [string, string, string];
    const key = createPublicKey({
      key: publicKeySet([room.artefactKey]).keys[0] as JsonWebKey,
      format: "jwk",
    });
    expect(verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"))).toBe(true);
    const [header, payload] = [head, body].map((part) =>
      JSON.parse(Buffer.from(part, "base64url").toString()),
    );
    expect(header).toMatchObject({ typ: "consent+jwt", kid: room.artefactKey.kid });
    expect(payload).toMatchObject({
      consentId: made.id,
      version: 1,
      merchant: ALICE,
      bank: "demo-bank",
      purpose: TERMS.purpose,
      categories: TERMS.categories,
      purposeText: { zh: "贷款审批" },
      lookbackMonths: 12,
      startsAt: made.startsAt,
      expiresAt: TERMS.expiresAt,
      frequency: TERMS.frequency,
      rulebook: CN_RULEBOOK.version,
      notice: {
        version: CN_RULEBOOK.notice.version,
        sha256: createHash("sha256").update(CN_RULEBOOK.notice.text).digest("hex"),
      },
    });
  });

  test("can start later, and is scheduled to the millisecond", async () => {
    const { id, state } = await grant({ startsAt: "2026-03-20T00:00:00.000Z" });
    expect(state).toBe("SCHEDULED");
    room.setNow("2026-03-19T23:59:59.999Z");
    expect(await stateFor(bank, id)).toBe("SCHEDULED");
    room.setNow("2026-03-20T00:00:00.000Z");
    expect(await stateFor(bank, id)).toBe("ACTIVE");
    room.setNow("2026-04-30T23:59:59.999Z");
    expect(await stateFor(bank, id)).toBe("ACTIVE");
    room.setNow("2026-05-01T00:00:00.000Z");
    expect(await stateFor(bank, id)).toBe("EXPIRED");
  });

  test.each([
    ["a start in the past", { startsAt: "2026-03-15T03:59:59.999Z" }, "BAD_USER_INPUT", "startsAt"],
    ["an end in the past", { expiresAt: "2026-03-15T04:00:00.000Z" }, "BAD_USER_INPUT", "expiresAt"],
    ["no categories", { categories: [] }, "BAD_USER_INPUT", "categories"],
    ["a bank without a name", { bank: "" }, "BAD_USER_INPUT", "bank"],
    [
      "a life beyond the purpose's",
      { expiresAt: "2026-06-13T04:00:00.001Z" },
      "PURPOSE_CEILING_EXCEEDED",
      "expiresAt",
    ],
    [
      "more months than the purpose needs",
      { lookbackMonths: 37 },
      "PURPOSE_CEILING_EXCEEDED",
      "lookbackMonths",
    ],
    [
      "more inquiries than the purpose needs",
      { frequency: { count: 2, period: "DAY" } },
      "PURPOSE_CEILING_EXCEEDED",
      "frequency",
    ],
    [
      "a category that the purpose does not need",
      { purpose: "COLLECTION", frequency: { count: 1, period: "MONTH" } },
      "PURPOSE_CEILING_EXCEEDED",
      "categories",
    ],
    ["the merchant's own purpose", { purpose: "OWN_QUERY" }, "PURPOSE_CEILING_EXCEEDED", "purpose"],
  ])("%s is refused, and nothing is kept", async (_name, over, code, argument) => {
    const reply = await room.ask(alice, GRANT, { input: { ...TERMS, bank: "demo-bank", ...over } });
    expect(reply.codes).toEqual([code]);
    expect(reply.facts["argument"]).toBe(argument);
    expect((await room.postgres.pool.query("select 1 from consents.consent")).rows).toEqual([]);
  });
});

describe("a new grant for the same bank and purpose", () => {
  test("supersedes the old in the same instant, as its next version", async () => {
    const old = await grant();
    room.setNow("2026-03-16T00:00:00.000Z");
    const next = await grant({ categories: ["IDENTITY"] });
    expect(next).toMatchObject({ version: 2, supersedes: old.id, state: "ACTIVE" });
    expect(await stateFor(alice, old.id)).toBe("SUPERSEDED");
    expect((await change("resumeConsent", old.id)).codes).toEqual(["CONFLICT"]);
    expect((await change("revokeConsent", old.id)).facts).toMatchObject({
      code: "CONFLICT",
      state: "SUPERSEDED",
    });
  });

  test("leaves consents for other banks and purposes, and of other merchants, alone", async () => {
    const others = [
      await grant({ bank: "second-bank" }),
      await grant({ purpose: "CREDIT_LIMIT_REVIEW", frequency: undefined }),
    ];
    const bobs = await grant({}, bob);
    await grant();
    for (const { id } of others) expect(await stateFor(alice, id)).toBe("ACTIVE");
    expect(await stateFor(bob, bobs.id)).toBe("ACTIVE");
  });

  test("does not count what is revoked or expired as superseded", async () => {
    const revoked = await grant();
    await change("revokeConsent", revoked.id);
    const short = await grant({ expiresAt: "2026-03-16T00:00:00.000Z" });
    expect(short).toMatchObject({ version: 1, supersedes: null });
    room.setNow("2026-03-17T00:00:00.000Z");
    expect(await grant()).toMatchObject({ version: 1, supersedes: null });
    expect(await stateFor(alice, revoked.id)).toBe("REVOKED");
    expect(await stateFor(alice, short.id)).toBe("EXPIRED");
  });

  test("leaves exactly one alive when many come at once", async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => grant()));
    expect(made.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    const states = await Promise.all(made.map(({ id }) => stateFor(alice, id)));
    expect(states.filter((state) => state === "ACTIVE")).toHaveLength(1);
    expect(states.filter((state) => state === "SUPERSEDED")).toHaveLength(9);
  });
});

describe("pause, resume and revoke", () => {
  test("change the state at once, and a retry gives the same answer", async () => {
    const { id } = await grant();
    for (const [verb, state] of [
      ["pauseConsent", "PAUSED"],
      ["resumeConsent", "ACTIVE"],
      ["revokeConsent", "REVOKED"],
    ] as const) {
      room.setNow(new Date((room.now?.() ?? new Date(0)).getTime() + 1000).toISOString());
      const first = await change(verb, id);
      expect(first.data[verb].state).toBe(state);
      room.setNow(new Date((room.now?.() ?? new Date(0)).getTime() + 1000).toISOString());
      expect(await change(verb, id)).toEqual(first);
    }
    expect((await change("resumeConsent", id)).codes).toEqual(["CONFLICT"]);
    expect((await change("pauseConsent", id)).codes).toEqual(["CONFLICT"]);
  });

  test("an expired consent cannot be paused or resumed, but can be revoked", async () => {
    const { id } = await grant();
    room.setNow("2026-05-01T00:00:00.000Z");
    expect((await change("pauseConsent", id)).codes).toEqual(["CONFLICT"]);
    expect((await change("resumeConsent", id)).codes).toEqual(["CONFLICT"]);
    expect((await change("revokeConsent", id)).data.revokeConsent.state).toBe("REVOKED");
  });

  test("many revocations at once are one revocation", async () => {
    const { id } = await grant();
    const replies = await Promise.all(Array.from({ length: 10 }, () => change("revokeConsent", id)));
    expect(new Set(replies.map((reply) => JSON.stringify(reply.data))).size).toBe(1);
    expect(replies[0]?.data.revokeConsent.events).toHaveLength(2);
  });

  test("of a race between pause and revoke the revocation stands", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await grant();
      await Promise.all([
        change("pauseConsent", id),
        change("revokeConsent", id),
        change("resumeConsent", id),
      ]);
      expect(await stateFor(alice, id)).toBe("REVOKED");
    }
  });
});

describe("a foreign consent", () => {
  test("does not exist for other merchants and banks; officers see it", async () => {
    const { id } = await grant();
    expect(await stateFor(bank, id)).toBe("ACTIVE");
    expect(await stateFor(officer, id)).toBe("ACTIVE");
    for (const caller of [bob, secondBank]) expect(await stateFor(caller, id)).toBe("NOT_FOUND");
    expect(await stateFor(alice, "00000000-0000-4000-8000-000000000000")).toBe("NOT_FOUND");
    expect(await stateFor(alice, "no uuid")).toBe("NOT_FOUND");
    for (const verb of ["pauseConsent", "resumeConsent", "revokeConsent"]) {
      expect((await change(verb, id, bob)).codes).toEqual(["NOT_FOUND"]);
      expect((await change(verb, "no uuid", bob)).codes).toEqual(["NOT_FOUND"]);
      expect((await change(verb, id, bank)).codes).toEqual(["FORBIDDEN"]);
      expect((await change(verb, id, { ...alice, scopes: ["consents:read"] })).codes).toEqual([
        "INSUFFICIENT_SCOPE",
      ]);
    }
    expect(await stateFor(alice, id)).toBe("ACTIVE");
    expect(await stateFor({ ...alice, scopes: [] }, id)).toBe("INSUFFICIENT_SCOPE");
    expect(await stateFor({ ...officer, scopes: [] }, id)).toBe("INSUFFICIENT_SCOPE");
    expect(await stateFor({ party: "platform", id: "demo-bank", scopes: ["consents:read"] }, id)).toBe(
      "FORBIDDEN",
    );
  });
});

describe("the list of consents", () => {
  const LIST =
    "query($first: Int, $after: String) { consents(first: $first, after: $after) { nodes { id bank merchantId } pageInfo { hasNextPage endCursor } } }";

  test("is cut into pages, newest first, nothing twice and nothing left out", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      // Pairs share one instant: the id decides between them.
      if (i % 2 === 0) room.setNow(`2026-03-15T04:00:00.00${i}Z`);
      ids.push((await grant({ bank: `bank-${i}` })).id);
    }
    await grant({}, bob);
    const seen: string[] = [];
    let after: string | undefined;
    for (const [size, more] of [
      [3, true],
      [3, true],
      [1, false],
    ] as const) {
      const { consents } = (await room.ask(alice, LIST, { first: 3, after })).data;
      expect(consents.nodes).toHaveLength(size);
      expect(consents.pageInfo.hasNextPage).toBe(more);
      seen.push(...consents.nodes.map((node: { id: string }) => node.id));
      after = consents.pageInfo.endCursor;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const pairOf = (id: string) => Math.floor(ids.indexOf(id) / 2);
    expect(seen.map(pairOf)).toEqual(seen.map(pairOf).toSorted((a, b) => b - a));
  });

  test("shows a bank only what was granted to it", async () => {
    await grant();
    await grant({ bank: "second-bank" });
    await grant({}, bob);
    const { nodes } = (await room.ask(bank, LIST)).data.consents;
    expect(nodes.map((node: { bank: string }) => node.bank)).toEqual(["demo-bank", "demo-bank"]);
    expect((await room.ask(officer, LIST)).codes).toEqual(["FORBIDDEN"]);
  });

  test.each([{ first: 0 }, { first: 101 }, { first: -1 }, { after: "x" }, { after: "AAAA" }])(
    "refuses %o",
    async (args) => {
      expect((await room.ask(alice, LIST, args)).codes).toEqual(["BAD_USER_INPUT"]);
    },
  );

  test("is empty, without a cursor, for who has none", async () => {
    expect((await room.ask(bob, LIST)).data.consents).toEqual({
      nodes: [],
      pageInfo: { hasNextPage: false, endCursor: null },
    });
  });
});
