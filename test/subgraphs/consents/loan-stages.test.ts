import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  bank,
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

const NOW = "2026-03-15T04:00:00.000Z";
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

describe("a disbursal", () => {
  test("turns the assessment into the monitoring that was agreed, at once and for as many days", async () => {
    const id = await grant();
    room.setNow("2026-03-20T00:00:00.000Z");
    const reply = await disburse(id);
    expect(reply.data.reportDisbursal).toMatchObject({
      id,
      state: "ACTIVE",
      remainingUses: 3,
      inForce: {
        stage: "POST_LOAN",
        purpose: "POST_LOAN_MONITORING",
        categories: ["TRANSACTIONS"],
        lookbackMonths: 6,
        startsAt: "2026-03-20T00:00:00.000Z",
        expiresAt: "2027-03-20T00:00:00.000Z",
        frequency: LOAN.frequency,
      },
    });
    expect(reply.data.reportDisbursal.events.at(-1)).toEqual({
      kind: "DISBURSED",
      at: "2026-03-20T00:00:00.000Z",
      loanReference: "L-1",
      disbursedAt: "2026-03-20T00:00:00.000Z",
    });
    room.setNow("2027-03-19T23:59:59.999Z");
    expect(await stateOf(id)).toBe("ACTIVE");
    room.setNow("2027-03-20T00:00:00.000Z");
    expect(await stateOf(id)).toBe("EXPIRED");
  });

  test("may be told later: its days count from the bank's own instant", async () => {
    const id = await grant();
    room.setNow("2026-03-25T00:00:00.000Z");
    const { data } = await disburse(id, { disbursedAt: "2026-03-18T00:00:00.000Z" });
    expect(data.reportDisbursal.inForce).toMatchObject({
      startsAt: "2026-03-25T00:00:00.000Z",
      expiresAt: "2027-03-18T00:00:00.000Z",
    });
  });

  test.each([
    ["in the future", { disbursedAt: "2026-03-15T04:00:00.001Z" }, "disbursedAt"],
    ["before the consent", { disbursedAt: "2026-03-15T03:59:59.999Z" }, "disbursedAt"],
    ["of a loan without a name", { loanReference: "" }, "loanReference"],
    ["of a loan whose name has a line break", { loanReference: "L-1\n" }, "loanReference"],
    ["of a loan whose name is too long", { loanReference: "L".repeat(65) }, "loanReference"],
  ])("%s is refused", async (_name, over, argument) => {
    const id = await grant();
    const reply = await disburse(id, over);
    expect(reply.codes).toEqual(["BAD_USER_INPUT"]);
    expect(reply.facts["argument"]).toBe(argument);
    expect((await disburse(id)).codes).toEqual([]);
  });

  test("told again gives the same answer; another loan or another day is a conflict", async () => {
    const id = await grant();
    const first = await disburse(id);
    room.setNow("2026-03-16T00:00:00.000Z");
    expect(await disburse(id)).toEqual(first);
    expect(await disburse(id, { disbursedAt: NOW })).toEqual(first);
    expect((await disburse(id, { loanReference: "L-2" })).codes).toEqual(["CONFLICT"]);
    expect((await disburse(id, { disbursedAt: "2026-03-15T05:00:00.000Z" })).codes).toEqual(["CONFLICT"]);
    room.setNow("2028-01-01T00:00:00.000Z");
    expect((await disburse(id)).data.reportDisbursal.state).toBe("EXPIRED");
  });

  test("told many times at once happens once", async () => {
    const id = await grant();
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => disburse(id, { loanReference: `L-${i % 2}` })),
    );
    const done = replies.filter(({ codes }) => codes.length === 0);
    expect(done.length).toBeGreaterThanOrEqual(4);
    expect(replies.every(({ codes }) => codes.length === 0 || codes[0] === "CONFLICT")).toBe(true);
    expect(new Set(done.map(({ data }) => JSON.stringify(data.reportDisbursal))).size).toBe(1);
    expect(done[0]?.data.reportDisbursal.events).toHaveLength(2);
  });

  test("of a consent without loan terms is a conflict", async () => {
    expect((await disburse(await grant({ loan: undefined }))).codes).toEqual(["CONFLICT"]);
  });

  test("comes too late one instant after the consent's last, and too early before its start", async () => {
    const [early, late] = [
      await grant({ startsAt: "2026-03-20T00:00:00.000Z" }),
      await grant({ bank: "second-bank" }),
    ];
    expect((await disburse(early)).facts).toMatchObject({ code: "CONFLICT", state: "SCHEDULED" });
    room.setNow("2026-05-01T00:00:00.000Z");
    expect((await disburse(late, {}, secondBank)).facts).toMatchObject({
      code: "CONFLICT",
      state: "EXPIRED",
    });
    room.setNow("2026-04-30T23:59:59.999Z");
    expect((await disburse(late, {}, secondBank)).codes).toEqual([]);
  });

  test.each([
    ["revokeConsent", "REVOKED"],
    ["terminateConsent", "TERMINATED"],
    ["grantConsent", "SUPERSEDED"],
  ])("after %s is a conflict", async (how, state) => {
    const id = await grant();
    if (how === "revokeConsent") await change(how, id);
    else if (how === "terminateConsent") await terminate(id);
    else await grant();
    expect((await disburse(id)).facts).toMatchObject({ code: "CONFLICT", state });
  });

  test("leaves a pause standing, and a used-up assessment with the monitoring's own count", async () => {
    const id = await grant();
    await change("pauseConsent", id);
    expect((await disburse(id)).data.reportDisbursal).toMatchObject({ state: "PAUSED", remainingUses: 3 });
    expect((await change("resumeConsent", id)).data.resumeConsent.state).toBe("ACTIVE");
  });

  test("does not hinder the merchant from revoking, at any time", async () => {
    const id = await grant();
    await disburse(id);
    room.setNow("2026-09-01T00:00:00.000Z");
    expect((await change("revokeConsent", id)).data.revokeConsent.state).toBe("REVOKED");
    expect((await payoff(id)).facts).toMatchObject({ code: "CONFLICT", state: "REVOKED" });
  });

  test("of a race with a revocation leaves the consent revoked", async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await grant();
      await Promise.all([disburse(id), change("revokeConsent", id)]);
      expect(await stateOf(id)).toBe("REVOKED");
    }
  });
});

describe("a new grant beside a loan", () => {
  test("for another assessment leaves the monitoring of the first loan alone", async () => {
    const first = await grant();
    await disburse(first);
    const second = await grant();
    expect(await stateOf(first)).toBe("ACTIVE");
    expect(await stateOf(second)).toBe("ACTIVE");
    expect((await disburse(second, { loanReference: "L-2" })).codes).toEqual([]);
    expect(await stateOf(first)).toBe("ACTIVE");
  });

  test("for monitoring replaces the monitoring that a disbursal began, and not an assessment", async () => {
    const monitored = await grant();
    await disburse(monitored);
    const assessed = await grant();
    const { data } = await room.ask(alice, GRANT, {
      input: { ...TERMS, bank: "demo-bank", purpose: "POST_LOAN_MONITORING" },
    });
    expect(data.grantConsent).toMatchObject({ version: 2, supersedes: monitored });
    expect(await stateOf(monitored)).toBe("SUPERSEDED");
    expect(await stateOf(assessed)).toBe("ACTIVE");
  });

  test("of a race with a disbursal either replaces the assessment or leaves the monitoring", async () => {
    for (let round = 0; round < 6; round += 1) {
      const id = await grant();
      const [told, made] = await Promise.all([disburse(id, { loanReference: `R-${round}` }), grant()]);
      expect(await stateOf(id)).toBe(told.codes.length === 0 ? "ACTIVE" : "SUPERSEDED");
      expect(await stateOf(made)).toBe("ACTIVE");
    }
  });
});
