import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  ALICE,
  bank,
  bob,
  type Caller,
  CHANGE,
  type ConsentRoomTest,
  officer,
  openConsentRoom,
  REQUEST,
  TERMS,
} from "./consent-room.js";

let room: ConsentRoomTest;

beforeEach(async () => {
  room = await openConsentRoom({ fakeClock: true });
});
afterEach(() => room.close());

const CONSENT = "id state version supersedes quorum signatories signedBy events { kind signatory }";
const GRANT = `mutation($input: GrantConsentInput!) { grantConsent(input: $input) { ${CONSENT} } }`;
const SIGN = `mutation($input: ConsentIdInput!) { signConsent(input: $input) { ${CONSENT} } }`;
const APPROVE = `mutation($input: ApproveConsentRequestInput!) { approveConsentRequest(input: $input) { ${CONSENT} } }`;
const LIST = "seq quorum signatories state approvedBy";
const SET = `mutation($input: SetSignatoriesInput!) { setSignatories(input: $input) { ${LIST} } }`;

const person = (signatory: string, of: Caller = alice): Caller => ({ ...of, signatory });
const [li, wang, zhao] = [person("li"), person("wang"), person("zhao")];
const THREE = ["li", "wang", "zhao"];

const set = (caller: Caller, quorum: number, signatories: readonly string[]) =>
  room.ask(caller, SET, { input: { quorum, signatories } });
const lists = async (caller: Caller = alice) =>
  (await room.ask(caller, `{ signatories { ${LIST} } }`)).data.signatories;
const grant = (caller: Caller = li, over: object = {}) =>
  room.ask(caller, GRANT, { input: { ...TERMS, bank: "demo-bank", ...over } });
const granted = async (caller: Caller = li, over: object = {}) => {
  const reply = await grant(caller, over);
  if (reply.codes.length > 0) throw new Error(reply.codes.join());
  return reply.data.grantConsent;
};
const sign = (caller: Caller, consentId: string) => room.ask(caller, SIGN, { input: { consentId } });
const change = (name: string, consentId: string, caller: Caller) =>
  room.ask(caller, CHANGE(name), { input: { consentId } });
const stateOf = async (id: string) =>
  (await room.ask(alice, "query($id: ID!) { consent(id: $id) { state } }", { id })).data?.consent?.state;

describe("a merchant without registered signatories", () => {
  test("signs by its grant alone, whoever acts for it, and who did is on record", async () => {
    expect(await granted(alice)).toMatchObject({
      state: "ACTIVE",
      quorum: 1,
      signatories: null,
      signedBy: null,
      events: [{ kind: "GRANTED", signatory: null }],
    });
    expect((await granted(li)).events).toEqual([{ kind: "GRANTED", signatory: "li" }]);
    expect(await lists()).toEqual([]);
  });

  test("has nothing to sign later", async () => {
    const { id } = await granted(alice);
    expect((await sign(li, id)).codes).toEqual(["CONFLICT"]);
  });
});

describe("a quorum of two", () => {
  beforeEach(async () => void (await set(alice, 2, THREE)));

  test("holds a grant until a second of the signatories signs it", async () => {
    const first = await granted();
    expect(first).toMatchObject({
      state: "AWAITING_SIGNATORIES",
      quorum: 2,
      signatories: THREE,
      signedBy: ["li"],
      events: [
        { kind: "GRANTED", signatory: "li" },
        { kind: "SIGNED", signatory: "li" },
      ],
    });
    const signed = (await sign(wang, first.id)).data.signConsent;
    expect(signed).toMatchObject({ state: "ACTIVE", signedBy: ["li", "wang"] });
    expect((await room.ask(bank, "{ consents { nodes { state signedBy } } }")).data.consents.nodes).toEqual([
      { state: "ACTIVE", signedBy: ["li", "wang"] },
    ]);
  });

  test("is not reached by one who signs twice, and a retry changes nothing", async () => {
    const first = await granted();
    for (let i = 0; i < 2; i += 1) expect((await sign(li, first.id)).data.signConsent).toEqual(first);
    const signed = await sign(wang, first.id);
    expect(await sign(wang, first.id)).toEqual(signed);
    expect((await sign(li, first.id)).data.signConsent.events).toHaveLength(3);
    expect((await sign(zhao, first.id)).codes).toEqual(["CONFLICT"]);
  });

  test("is reached once, however many sign at once", async () => {
    const { id } = await granted();
    const replies = await Promise.all([wang, zhao, wang, zhao].map((caller) => sign(caller, id)));
    expect(replies.filter(({ codes }) => codes.length === 0).length).toBeGreaterThanOrEqual(2);
    const { rows } = await room.postgres.pool.query(
      "select kind from consents.consent_event where consent_id = $1",
      [id],
    );
    expect(rows.filter(({ kind }: { kind: string }) => kind === "SIGNED")).toHaveLength(2);
    expect(await stateOf(id)).toBe("ACTIVE");
  });

  test.each([
    ["nobody in person", alice, "SIGNATORY_NOT_REGISTERED"],
    ["a stranger", person("qian"), "SIGNATORY_NOT_REGISTERED"],
    ["a name that differs in case", person("LI"), "SIGNATORY_NOT_REGISTERED"],
    ["another merchant's signatory", person("li", bob), "NOT_FOUND"],
    ["a bank", person("li", bank), "FORBIDDEN"],
    ["an officer", person("li", officer), "FORBIDDEN"],
    ["a signatory without the scope", { ...wang, scopes: ["consents:read"] as const }, "INSUFFICIENT_SCOPE"],
  ])("does not let %s sign", async (_name, caller, code) => {
    const { id } = await granted();
    const reply = await sign(caller, id);
    expect(reply.codes).toEqual([code]);
    if (code === "SIGNATORY_NOT_REGISTERED")
      expect(reply.facts).toMatchObject({ rule: "signatory.registered", article: "民法典 第六十一条" });
    expect(await stateOf(id)).toBe("AWAITING_SIGNATORIES");
  });

  test("lets only a registered signatory grant, approve and resume; anybody of the merchant takes away", async () => {
    expect((await grant(alice)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await grant(person("qian"))).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    const { id } = await granted();
    await sign(wang, id);
    expect((await change("pauseConsent", id, alice)).data.pauseConsent.state).toBe("PAUSED");
    expect((await change("resumeConsent", id, alice)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await change("resumeConsent", id, zhao)).data.resumeConsent.state).toBe("ACTIVE");
    expect((await change("revokeConsent", id, alice)).data.revokeConsent.state).toBe("REVOKED");
    expect((await sign(zhao, id)).facts).toMatchObject({ code: "CONFLICT", state: "REVOKED" });
  });

  test("leaves a consent that waits as it is: it can be revoked or given back, not paused, resumed or disbursed", async () => {
    const { id } = await granted();
    for (const name of ["pauseConsent", "resumeConsent"])
      expect((await change(name, id, li)).facts).toMatchObject({
        code: "CONFLICT",
        state: "AWAITING_SIGNATORIES",
      });
    expect((await change("revokeConsent", id, alice)).data.revokeConsent.state).toBe("REVOKED");
    expect((await sign(wang, id)).codes).toEqual(["CONFLICT"]);
  });

  test("expires with the consent that waits, to the millisecond", async () => {
    const { id } = await granted();
    room.setNow("2026-05-01T00:00:00.000Z");
    expect((await sign(wang, id)).facts).toMatchObject({ code: "CONFLICT", state: "EXPIRED" });
    room.setNow("2026-04-30T23:59:59.999Z");
    expect((await sign(wang, id)).data.signConsent.state).toBe("ACTIVE");
  });

  test("ends what the consent replaces with the last signature, and not before", async () => {
    const old = await granted();
    await sign(wang, old.id);
    const next = await granted(zhao, { categories: ["IDENTITY"] });
    expect(next).toMatchObject({ version: 2, supersedes: old.id, state: "AWAITING_SIGNATORIES" });
    expect(await stateOf(old.id)).toBe("ACTIVE");
    expect((await sign(li, next.id)).data.signConsent.state).toBe("ACTIVE");
    expect(await stateOf(old.id)).toBe("SUPERSEDED");
  });

  test("lets one proposal wait at a time: a newer one ends it, and leaves what lives", async () => {
    const live = await granted();
    await sign(wang, live.id);
    const first = await granted(li, { lookbackMonths: 6 });
    const second = await granted(wang, { lookbackMonths: 3 });
    expect(second).toMatchObject({ version: 3, supersedes: live.id });
    expect(await stateOf(first.id)).toBe("SUPERSEDED");
    expect(await stateOf(live.id)).toBe("ACTIVE");
    expect((await sign(zhao, first.id)).codes).toEqual(["CONFLICT"]);
    expect((await sign(zhao, second.id)).data.signConsent.state).toBe("ACTIVE");
    expect(await stateOf(live.id)).toBe("SUPERSEDED");
  });

  test("of many grants and signatures at once leaves at most one alive", async () => {
    const made = await Promise.all([li, wang, zhao, li, wang].map((caller) => granted(caller)));
    await Promise.all(made.flatMap(({ id }) => [sign(wang, id), sign(zhao, id), sign(li, id)]));
    const states = await Promise.all(made.map(({ id }) => stateOf(id)));
    expect(states.filter((state) => state === "ACTIVE")).toHaveLength(1);
    expect(states.filter((state) => state === "SUPERSEDED")).toHaveLength(4);
  });
});

describe("a request to a merchant with a quorum of two", () => {
  const requested = async (): Promise<string> =>
    (await room.ask(bank, REQUEST, { input: { ...TERMS, merchant: ALICE } })).data.requestConsent.id;
  const approve = (caller: Caller, requestId: string, over: object = {}) =>
    room.ask(caller, APPROVE, { input: { requestId, ...over } });

  beforeEach(async () => void (await set(alice, 2, THREE)));

  test("lives once two have approved it; the first settles the terms", async () => {
    const id = await requested();
    const first = (await approve(li, id, { categories: ["IDENTITY"] })).data.approveConsentRequest;
    expect(first).toMatchObject({ state: "AWAITING_SIGNATORIES", signedBy: ["li"] });
    expect((await approve(li, id)).data.approveConsentRequest).toEqual(first);
    expect((await approve(wang, id, { categories: ["TRANSACTIONS"] })).codes).toEqual(["CONFLICT"]);
    const second = (await approve(wang, id, { categories: ["IDENTITY"] })).data.approveConsentRequest;
    expect(second).toMatchObject({ id: first.id, state: "ACTIVE", signedBy: ["li", "wang"] });
    expect((await approve(zhao, id)).codes).toEqual(["CONFLICT"]);
  });

  test("is approved by as many as sign at once, and no more than needed", async () => {
    const id = await requested();
    const replies = await Promise.all([li, wang, zhao].map((caller) => approve(caller, id)));
    expect(replies.filter(({ codes }) => codes.length === 0)).toHaveLength(2);
    const { rows } = await room.postgres.pool.query("select 1 from consents.consent");
    expect(rows).toHaveLength(1);
    expect((await room.ask(alice, "{ consents { nodes { state } } }")).data.consents.nodes).toEqual([
      { state: "ACTIVE" },
    ]);
  });

  test("is not approved by a stranger, and not denied after an approval; who disagrees revokes", async () => {
    const id = await requested();
    expect((await approve(alice, id)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    const { id: consentId } = (await approve(li, id)).data.approveConsentRequest;
    const DENY = "mutation($input: DenyConsentRequestInput!) { denyConsentRequest(input: $input) { state } }";
    expect((await room.ask(wang, DENY, { input: { requestId: id } })).codes).toEqual(["CONFLICT"]);
    expect((await change("revokeConsent", consentId, wang)).data.revokeConsent.state).toBe("REVOKED");
    expect((await approve(zhao, id)).codes).toEqual(["CONFLICT"]);
  });
});
