import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  bank,
  bob,
  type Caller,
  type ConsentRoomTest,
  officer,
  openConsentRoom,
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
