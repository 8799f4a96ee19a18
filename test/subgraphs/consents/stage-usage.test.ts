import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stateOf } from "../../../schema/consent.js";
import type { LedgerConsent } from "../../../schema/consent-terms.js";
import type { ConsentLedger } from "../../../schema/ports.js";
import { createConsentLedger } from "../../../subgraphs/consents/index.js";
import {
  alice,
  ALICE,
  bank,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  openConsentRoom,
  TERMS,
} from "./consent-room.js";

let room: ConsentRoomTest;
let ledgers: readonly ConsentLedger[];

beforeEach(async () => {
  room = await openConsentRoom({ fakeClock: true });
  // Two gateways of one database, each with connections of its own.
  ledgers = Array.from({ length: 2 }, () =>
    createConsentLedger({
      postgres: room.database.open({ poolMax: 2 }),
      timeoutMs: 10_000,
      now: () => room.now?.() ?? new Date(0),
    }),
  );
});
afterEach(() => room.close());

const LOAN = { categories: ["TRANSACTIONS"], lookbackMonths: 6, lifeDays: 365 };
const DISBURSE =
  "mutation($input: ReportDisbursalInput!) { reportDisbursal(input: $input) { id remainingUses } }";

const grant = async (count: number, monitored: { count: number; period: string }): Promise<string> => {
  const input = {
    ...TERMS,
    bank: "demo-bank",
    frequency: { count, period: "MONTH" },
    loan: { ...LOAN, frequency: monitored },
  };
  const reply = await room.ask(alice, GRANT, { input });
  if (reply.codes.length > 0) throw new Error(JSON.stringify(reply.facts));
  return reply.data.grantConsent.id;
};
const disburse = (consentId: string) =>
  room.ask(bank, DISBURSE, { input: { consentId, loanReference: "L-1" } });
const check = async (ledger = ledgers[0]): Promise<LedgerConsent> => {
  const snapshot = await ledger?.check([{ bank: "demo-bank", merchant: ALICE }], []);
  const consent = snapshot?.consents[0]?.[0];
  if (consent === undefined) throw new Error("no consent");
  return consent;
};
/** One use, of one ledger or the other in turn. */
const claim = async (consent: LedgerConsent, i: number): Promise<readonly (number | undefined)[]> => {
  const ledger = ledgers[i % ledgers.length];
  return ledger === undefined ? [] : ledger.claimUses([consent]);
};
/** What each of many claims at once got, over both ledgers in turn; sorted. */
const claimAll = async (consents: readonly LedgerConsent[]): Promise<readonly number[]> => {
  const left = await Promise.all(consents.map(claim));
  return left
    .flat()
    .flatMap((one) => (one === undefined ? [] : [one]))
    .toSorted((a, b) => a - b);
};
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

describe("uses of a loan's stages, counted by two ledgers at once", () => {
  test("the monitoring has a count of its own, exact, however much the assessment was used", async () => {
    const id = await grant(5, { count: 3, period: "MONTH" });
    expect(await claimAll(times(12, await check()))).toEqual([0, 1, 2, 3, 4]);
    expect(stateOf(await check(), room.now?.() ?? new Date(0))).toBe("EXHAUSTED");
    expect((await disburse(id)).data.reportDisbursal.remainingUses).toBe(3);
    expect((await check()).used).toBe(0);
    expect(await claimAll(times(12, await check()))).toEqual([0, 1, 2]);
    expect((await check(ledgers[1])).used).toBe(3);
  });

  test("what was read before the disbursal takes no use after it", async () => {
    const id = await grant(5, { count: 3, period: "MONTH" });
    const stale = await check();
    expect(await claimAll([stale])).toEqual([4]);
    await disburse(id);
    expect(await claimAll(times(6, stale))).toEqual([]);
    const fresh = await check();
    expect(await claimAll([stale, fresh, stale, fresh])).toEqual([1, 2]);
    const { rows } = await room.postgres.pool.query(
      "select is_post_loan, used from consents.usage where consent_id = $1 order by is_post_loan",
      [id],
    );
    expect(rows).toEqual([
      { is_post_loan: false, used: 1 },
      { is_post_loan: true, used: 2 },
    ]);
  });

  test("a disbursal among many claims leaves each count within what was agreed, and none lost", async () => {
    for (let round = 0; round < 3; round += 1) {
      room.setNow(`2026-03-16T00:0${round}:00.000Z`);
      const id = await grant(4, { count: 4, period: "TOTAL" });
      const stale = await check();
      const before = Promise.all(times(10, stale).map(claim));
      const told = disburse(id);
      const after = Promise.all(times(10, 0).map(async (_, i) => claim(await check(ledgers[i % 2]), i)));
      const served = [...(await before), ...(await after)].flat();
      expect((await told).codes).toEqual([]);
      const { rows } = await room.postgres.pool.query(
        "select coalesce(sum(used), 0)::int as used, coalesce(max(used), 0)::int as most from consents.usage where consent_id = $1",
        [id],
      );
      expect(rows[0].used).toBe(served.filter((left) => left !== undefined).length);
      expect(rows[0].most).toBeLessThanOrEqual(4);
      await room.ask(alice, CHANGE("revokeConsent"), { input: { consentId: id } });
    }
  });

  test("the monitoring's periods are those of the calendar, from the stage on", async () => {
    const id = await grant(2, { count: 1, period: "DAY" });
    await disburse(id);
    expect(await claimAll(times(4, await check()))).toEqual([0]);
    // 2026-03-15 ends in Shanghai at 16:00 UTC.
    room.setNow("2026-03-15T15:59:59.999Z");
    expect((await check()).used).toBe(1);
    expect(await claimAll(times(4, await check()))).toEqual([]);
    room.setNow("2026-03-15T16:00:00.000Z");
    expect((await check()).used).toBe(0);
    expect(await claimAll(times(4, await check()))).toEqual([0]);
  });

  test("consents of both stages in one statement are counted each for itself", async () => {
    const id = await grant(5, { count: 3, period: "MONTH" });
    await disburse(id);
    room.setNow("2026-03-16T00:00:00.000Z");
    await grant(2, { count: 3, period: "MONTH" });
    const snapshot = await ledgers[0]?.check([{ bank: "demo-bank", merchant: ALICE }], []);
    const [assessed, monitored] = snapshot?.consents[0] ?? [];
    if (assessed === undefined || monitored === undefined) throw new Error("no consents");
    expect(await ledgers[0]?.claimUses([assessed, monitored, assessed, monitored, assessed])).toEqual([
      1,
      2,
      0,
      1,
      undefined,
    ]);
  });
});
