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
const APPROVE_LIST = `mutation($input: ApproveSignatoriesInput!) { approveSignatories(input: $input) { ${LIST} } }`;

const person = (signatory: string, of: Caller = alice): Caller => ({ ...of, signatory });
const [li, wang, zhao] = [person("li"), person("wang"), person("zhao")];
const THREE = ["li", "wang", "zhao"];

const set = (caller: Caller, quorum: number, signatories: readonly string[]) =>
  room.ask(caller, SET, { input: { quorum, signatories } });
const approveList = (caller: Caller, seq: number) => room.ask(caller, APPROVE_LIST, { input: { seq } });
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

describe("the list of signatories", () => {
  test("is in force at once when it is the first, and shown to the merchant alone", async () => {
    expect((await set(alice, 2, THREE)).data.setSignatories).toEqual({
      seq: 1,
      quorum: 2,
      signatories: THREE,
      state: "IN_FORCE",
      approvedBy: [],
    });
    expect(await lists()).toHaveLength(1);
    expect(await lists(bob)).toEqual([]);
    for (const caller of [bank, officer])
      expect((await room.ask(caller, "{ signatories { seq } }")).codes).toEqual(["FORBIDDEN"]);
    expect((await room.ask({ ...alice, scopes: [] }, "{ signatories { seq } }")).codes).toEqual([
      "INSUFFICIENT_SCOPE",
    ]);
  });

  test("is changed by as many as it asks for itself: one alone cannot take over", async () => {
    await set(alice, 2, THREE);
    expect((await set(alice, 1, ["li"])).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await set(person("qian"), 1, ["qian"])).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await set(li, 1, ["li"])).data.setSignatories).toMatchObject({
      seq: 2,
      state: "PROPOSED",
      approvedBy: ["li"],
    });
    // Asking again is the same proposal, and still one approval.
    expect((await set(li, 1, ["li"])).data.setSignatories).toMatchObject({ seq: 2, state: "PROPOSED" });
    expect((await approveList(li, 2)).data.approveSignatories.approvedBy).toEqual(["li"]);
    expect((await granted()).state).toBe("AWAITING_SIGNATORIES");
    expect((await approveList(wang, 2)).data.approveSignatories).toMatchObject({ state: "IN_FORCE" });
    expect((await granted()).state).toBe("ACTIVE");
    expect((await lists()).map(({ seq, state }: { seq: number; state: string }) => [seq, state])).toEqual([
      [2, "IN_FORCE"],
      [1, "PAST"],
    ]);
    expect((await grant(wang)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect(await approveList(wang, 2)).toMatchObject({ codes: [] });
  });

  test("lets a person who left it sign nothing that still waits", async () => {
    await set(alice, 2, THREE);
    const { id } = await granted();
    await set(li, 2, ["li", "zhao"]);
    await approveList(zhao, 2);
    expect((await sign(wang, id)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await sign(zhao, id)).data.signConsent.state).toBe("ACTIVE");
  });

  test("lets a person who came to it sign no artefact that does not name it", async () => {
    await set(alice, 2, ["li", "wang"]);
    const { id } = await granted();
    await set(li, 2, ["li", "wang", "zhao"]);
    await approveList(wang, 2);
    expect((await sign(zhao, id)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await sign(wang, id)).data.signConsent.state).toBe("ACTIVE");
  });

  test("cannot be approved once another has taken its place, by strangers, or where there is none", async () => {
    await set(alice, 1, THREE);
    expect((await set(li, 1, ["li", "wang"])).data.setSignatories).toMatchObject({
      seq: 2,
      state: "IN_FORCE",
    });
    expect((await approveList(wang, 1)).codes).toEqual(["CONFLICT"]);
    expect((await approveList(zhao, 2)).codes).toEqual(["SIGNATORY_NOT_REGISTERED"]);
    expect((await approveList(li, 3)).codes).toEqual(["NOT_FOUND"]);
    expect((await approveList(person("li", bob), 1)).codes).toEqual(["NOT_FOUND"]);
    expect((await approveList(person("li", bank), 1)).codes).toEqual(["FORBIDDEN"]);
  });

  test("is one of two that were approved at once, never both", async () => {
    await set(alice, 2, THREE);
    await set(li, 1, ["li"]);
    await set(wang, 1, ["wang"]);
    await Promise.all([approveList(zhao, 2), approveList(zhao, 3), approveList(wang, 2), approveList(li, 3)]);
    const states = (await lists()).map(({ state }: { state: string }) => state);
    expect(states.filter((state: string) => state === "IN_FORCE")).toHaveLength(1);
    expect(states.filter((state: string) => state === "PROPOSED")).toHaveLength(0);
  });

  test("is one list, however often the first is set at once", async () => {
    const replies = await Promise.all(Array.from({ length: 6 }, () => set(alice, 1, ["li"])));
    expect(replies.filter(({ codes }) => codes.length === 0)).toHaveLength(1);
    expect(await lists()).toHaveLength(1);
  });

  test("keeps at most ten proposals waiting", async () => {
    await set(alice, 2, THREE);
    for (let i = 0; i < 10; i += 1) expect((await set(li, 1, [`p-${i}`])).codes).toEqual([]);
    expect((await set(li, 1, ["p-10"])).codes).toEqual(["CONFLICT"]);
    expect((await set(li, 1, ["p-3"])).codes).toEqual([]);
  });

  test.each([
    ["nobody", 1, [], "signatories"],
    ["21 persons", 1, Array.from({ length: 21 }, (_, i) => `p-${i}`), "signatories"],
    ["a person twice", 1, ["li", "li"], "signatories"],
    ["a person without a name", 1, [""], "signatories"],
    ["a name with a line break", 1, ["li\n"], "signatories"],
    ["a quorum of none", 0, ["li"], "quorum"],
    ["a quorum of more than there are", 3, ["li", "wang"], "quorum"],
  ])("refuses %s", async (_name, quorum, signatories, argument) => {
    const reply = await set(alice, quorum, signatories);
    expect(reply.codes).toEqual(["BAD_USER_INPUT"]);
    expect(reply.facts["argument"]).toBe(argument);
    expect(await lists()).toEqual([]);
  });

  test("of a sole trader names exactly one, whose signature is enough", async () => {
    const chen = person("chen", bob);
    expect((await set(bob, 1, ["chen", "li"])).facts).toMatchObject({
      code: "BAD_USER_INPUT",
      argument: "signatories",
    });
    expect((await set(bob, 1, ["chen"])).data.setSignatories.state).toBe("IN_FORCE");
    expect(await granted(chen)).toMatchObject({ state: "ACTIVE", signedBy: ["chen"] });
    const refused = await grant(bob);
    expect(refused.facts).toMatchObject({
      code: "SIGNATORY_NOT_REGISTERED",
      rule: "signatory.registered",
      article: "个人信息保护法 第十四条",
    });
  });
});
