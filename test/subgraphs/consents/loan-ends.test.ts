import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  bank,
  bob,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  openConsentRoom,
  secondBank,
  TERMS,
} from "./consent-room.js";

let room: ConsentRoomTest;

beforeEach(async () => {
  room = await openConsentRoom({ fakeClock: true });
});
afterEach(() => room.close());

const STATE = `id state remainingUses inForce { stage purpose categories lookbackMonths startsAt expiresAt
  frequency { count period } } events { kind at loanReference disbursedAt }`;
const verb = (name: string, input: string) =>
  `mutation($input: ${input}!) { ${name}(input: $input) { ${STATE} } }`;
const DISBURSE = verb("reportDisbursal", "ReportDisbursalInput");
const PAYOFF = verb("reportPayoff", "ReportPayoffInput");
const TERMINATE = verb("terminateConsent", "ConsentIdInput");
const LOAN = {
  categories: ["TRANSACTIONS"],
  records: [],
  lookbackMonths: 6,
  frequency: { count: 3, period: "MONTH" },
  lifeDays: 365,
};

const grant = async (over: object = {}, caller = alice): Promise<string> => {
  const reply = await room.ask(caller, GRANT, {
    input: { ...TERMS, bank: "demo-bank", loan: LOAN, ...over },
  });
  if (reply.codes.length > 0) throw new Error(JSON.stringify(reply.facts));
  return reply.data.grantConsent.id;
};
const disburse = (consentId: string, over: object = {}, caller = bank) =>
  room.ask(caller, DISBURSE, { input: { consentId, loanReference: "L-1", ...over } });
const payoff = (consentId: string, over: object = {}, caller = bank) =>
  room.ask(caller, PAYOFF, { input: { consentId, loanReference: "L-1", ...over } });
const terminate = (consentId: string, caller = bank) => room.ask(caller, TERMINATE, { input: { consentId } });
const change = (name: string, consentId: string) => room.ask(alice, CHANGE(name), { input: { consentId } });
const stateOf = async (id: string, caller = alice) =>
  (await room.ask(caller, "query($id: ID!) { consent(id: $id) { state } }", { id })).data?.consent?.state;

describe("a payoff", () => {
  test("closes the consent for good; told again it gives the same answer", async () => {
    const id = await grant();
    await disburse(id);
    room.setNow("2026-09-01T00:00:00.000Z");
    const first = await payoff(id);
    expect(first.data.reportPayoff).toMatchObject({ state: "CLOSED" });
    room.setNow("2026-09-02T00:00:00.000Z");
    expect(await payoff(id)).toEqual(first);
    expect((await change("revokeConsent", id)).facts).toMatchObject({ code: "CONFLICT", state: "CLOSED" });
    expect((await change("pauseConsent", id)).codes).toEqual(["CONFLICT"]);
    expect((await terminate(id)).codes).toEqual(["CONFLICT"]);
    expect((await disburse(id)).codes).toEqual(["CONFLICT"]);
    room.setNow("2028-01-01T00:00:00.000Z");
    expect(await stateOf(id)).toBe("CLOSED");
  });

  test("before a disbursal, or of another loan, is a conflict", async () => {
    const id = await grant();
    expect((await payoff(id)).codes).toEqual(["CONFLICT"]);
    await disburse(id);
    expect((await payoff(id, { loanReference: "L-2" })).codes).toEqual(["CONFLICT"]);
    expect((await payoff(id, { loanReference: "" })).codes).toEqual(["BAD_USER_INPUT"]);
    expect(await stateOf(id)).toBe("ACTIVE");
  });

  test("is told while paused, and after the monitoring's days", async () => {
    const [paused, over] = [await grant(), await grant({ bank: "second-bank" })];
    await disburse(paused);
    await disburse(over, {}, secondBank);
    await change("pauseConsent", paused);
    expect((await payoff(paused)).data.reportPayoff.state).toBe("CLOSED");
    room.setNow("2027-06-01T00:00:00.000Z");
    expect((await payoff(over, {}, secondBank)).data.reportPayoff.state).toBe("CLOSED");
  });

  test("told many times at once happens once", async () => {
    const id = await grant();
    await disburse(id);
    const replies = await Promise.all(Array.from({ length: 8 }, () => payoff(id)));
    expect(new Set(replies.map((reply) => JSON.stringify(reply.data))).size).toBe(1);
    expect(replies[0]?.data.reportPayoff.events).toHaveLength(3);
  });
});

describe("a bank that gives a consent back", () => {
  test("ends it for good; again is the same, and the merchant can grant anew", async () => {
    const id = await grant();
    const first = await terminate(id);
    expect(first.data.terminateConsent.state).toBe("TERMINATED");
    room.setNow("2026-03-16T00:00:00.000Z");
    expect(await terminate(id)).toEqual(first);
    expect((await change("resumeConsent", id)).codes).toEqual(["CONFLICT"]);
    expect((await change("revokeConsent", id)).facts).toMatchObject({
      code: "CONFLICT",
      state: "TERMINATED",
    });
    expect(await stateOf(await grant())).toBe("ACTIVE");
  });

  test("may do so before its start, while it is paused, used up or over, and during the monitoring", async () => {
    const scheduled = await grant({ startsAt: "2026-03-20T00:00:00.000Z" });
    expect((await terminate(scheduled)).data.terminateConsent.state).toBe("TERMINATED");
    const paused = await grant();
    await change("pauseConsent", paused);
    expect((await terminate(paused)).data.terminateConsent.state).toBe("TERMINATED");
    const monitored = await grant();
    await disburse(monitored);
    expect((await terminate(monitored)).data.terminateConsent.state).toBe("TERMINATED");
    const over = await grant();
    room.setNow("2026-05-01T00:00:00.000Z");
    expect((await terminate(over)).data.terminateConsent.state).toBe("TERMINATED");
  });

  test("cannot end what the merchant has revoked or replaced", async () => {
    const revoked = await grant();
    await change("revokeConsent", revoked);
    const replaced = await grant();
    await grant();
    for (const [id, state] of [
      [revoked, "REVOKED"],
      [replaced, "SUPERSEDED"],
    ] as const)
      expect((await terminate(id)).facts).toMatchObject({ code: "CONFLICT", state });
  });
});

describe("what a bank tells of a consent that is not its own", () => {
  test("finds nothing, and is for banks with the scope alone", async () => {
    const id = await grant();
    const bobs = await grant({ bank: "second-bank" }, bob);
    for (const [tell, name] of [
      [disburse, "reportDisbursal"],
      [payoff, "reportPayoff"],
      [(one: string, _over: object, caller: typeof bank) => terminate(one, caller), "terminateConsent"],
    ] as const) {
      for (const [one, caller, code] of [
        [id, secondBank, "NOT_FOUND"],
        [bobs, bank, "NOT_FOUND"],
        ["00000000-0000-4000-8000-000000000000", bank, "NOT_FOUND"],
        ["no uuid", bank, "NOT_FOUND"],
        [id, alice, "FORBIDDEN"],
        [id, { ...alice, id: "demo-bank" }, "FORBIDDEN"],
        [id, { ...bank, scopes: ["consents:read"] as const }, "INSUFFICIENT_SCOPE"],
      ] as const) {
        expect((await tell(one, {}, caller)).codes, `${name} ${code}`).toEqual([code]);
      }
    }
    expect(await stateOf(id)).toBe("ACTIVE");
    expect(await stateOf(bobs, bob)).toBe("ACTIVE");
  });
});
