import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Postgres } from "../../../foundation/postgres.js";
import { stateOf } from "../../../schema/consent.js";
import type { LedgerConsent } from "../../../schema/consent-terms.js";
import type { ConsentLedger } from "../../../schema/ports.js";
import { createConsentLedger } from "../../../subgraphs/consents/index.js";
import {
  alice,
  ALICE,
  bob,
  BOB,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  NOBODY,
  openConsentRoom,
  TERMS,
  termsFromNow,
} from "./consent-room.js";

let room: ConsentRoomTest;
let pool: Postgres;
let ledger: ConsentLedger;
let statements: string[];

async function open(
  options: { readonly fakeClock?: boolean; readonly timeoutMs?: number } = {},
): Promise<void> {
  room = await openConsentRoom(options);
  statements = [];
  pool = room.database.open({ poolMax: 2, onStatement: (text) => statements.push(text) });
  ledger = createConsentLedger({
    postgres: pool,
    timeoutMs: options.timeoutMs ?? 5_000,
    ...(room.now === undefined ? {} : { now: room.now }),
  });
}

const question = { bank: "demo-bank", merchant: ALICE };
const grant = async (over: object = {}, caller = alice): Promise<string> => {
  const reply = await room.ask(caller, GRANT, {
    input: termsFromNow({ ...(room.now === undefined ? {} : TERMS), ...over }),
  });
  if (reply.codes.length > 0) throw new Error(reply.codes.join());
  return reply.data.grantConsent.id;
};
const checkOne = async (): Promise<LedgerConsent> => {
  const { consents } = await ledger.check([question], []);
  if (consents[0]?.[0] === undefined) throw new Error("no consent");
  return consents[0][0];
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code,
  );

afterEach(() => room.close());

describe("a check", () => {
  beforeEach(() => open());

  test("answers each question in order, the newest consent first, and nothing for unknown pairs", async () => {
    const older = await grant();
    const other = await grant({ purpose: "CREDIT_LIMIT_REVIEW", frequency: { count: 2, period: "TOTAL" } });
    const bobs = await grant({}, bob);
    const { consents, now } = await ledger.check(
      [
        { bank: "demo-bank", merchant: BOB },
        { bank: "second-bank", merchant: ALICE },
        question,
        { bank: "demo-bank", merchant: NOBODY },
        question,
      ],
      [],
    );
    expect(consents.map((list) => list.map(({ terms }) => terms.consentId))).toEqual([
      [bobs],
      [],
      [other, older],
      [],
      [other, older],
    ]);
    expect(consents[2]?.[0]).toMatchObject({
      used: 0,
      terms: { bank: "demo-bank", merchant: ALICE, frequency: { count: 2, period: "TOTAL" } },
    });
    expect(consents[2]?.map((one) => stateOf(one, now))).toEqual(["ACTIVE", "ACTIVE"]);
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(5_000);
  });

  test("without questions still reads the clock of the database", async () => {
    expect((await ledger.check([], [])).consents).toEqual([]);
  });

  test("sees every revocation and pause that was acknowledged before it", async () => {
    for (let round = 0; round < 25; round += 1) {
      const consentId = await grant();
      // Other checks are on the wire all the time; none of them may be joined.
      const noise = Array.from({ length: 5 }, () => ledger.check([question], []));
      await room.ask(alice, CHANGE(round % 2 === 0 ? "revokeConsent" : "pauseConsent"), {
        input: { consentId },
      });
      const { consents, now } = await ledger.check([question], []);
      const seen = consents[0]?.find(({ terms }) => terms.consentId === consentId);
      expect(seen && stateOf(seen, now)).toBe(round % 2 === 0 ? "REVOKED" : "PAUSED");
      await Promise.all(noise);
    }
  });

  test("is one statement for all who wait", async () => {
    await grant();
    await ledger.check([question], []);
    statements.length = 0;
    const first = ledger.check([question], []);
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = Array.from({ length: 200 }, () =>
      ledger.check([question, { bank: "demo-bank", merchant: NOBODY }], []),
    );
    const snapshots = await Promise.all([first, ...waiting]);
    expect(statements).toHaveLength(2);
    for (const { consents } of snapshots) expect(consents[0]).toHaveLength(1);
    for (const { consents } of snapshots.slice(1)) expect(consents[1]).toEqual([]);
  });

  test("never judges by an instant before an event that it saw, though the clock was set back", async () => {
    const consentId = await grant();
    const ahead = new Date(Date.now() + 3_600_000);
    await room.postgres.pool.query(
      "insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor) values ($1, $2, 2, 'REVOKED', $3, 'x')",
      [ALICE, consentId, ahead],
    );
    const { now, consents } = await ledger.check([question], []);
    expect(now).toEqual(ahead);
    expect(consents[0]?.[0] && stateOf(consents[0][0], now)).toBe("REVOKED");
  });
});

describe("counting uses", () => {
  beforeEach(() => open({ fakeClock: true }));

  test("serves exactly as many as agreed, however many ask at once on however many instances", async () => {
    await grant();
    const consent = await checkOne();
    const others = Array.from({ length: 3 }, () =>
      createConsentLedger({
        postgres: room.database.open({ poolMax: 2 }),
        timeoutMs: 5_000,
        now: () => room.now?.() ?? new Date(0),
      }),
    );
    const claims = await Promise.all(
      [ledger, ...others].flatMap((one) =>
        Array.from({ length: 8 }, (_, i) => one.claimUses(i % 2 === 0 ? [consent] : [consent, consent])),
      ),
    );
    const left = claims.flat();
    expect(left).toHaveLength(48);
    expect(left.filter((n) => n !== undefined).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect((await checkOne()).used).toBe(10);
    expect(stateOf(await checkOne(), room.now?.() ?? new Date(0))).toBe("EXHAUSTED");
  });

  test("gives the last uses to callers that share one statement, one by one", async () => {
    await grant({ frequency: { count: 3, period: "TOTAL" } });
    const consent = await checkOne();
    expect(await ledger.claimUses([consent, consent, consent, consent, consent])).toEqual([
      2,
      1,
      0,
      undefined,
      undefined,
    ]);
    expect(await ledger.claimUses([consent])).toEqual([undefined]);
  });

  test("counts each consent for itself", async () => {
    await grant({ frequency: { count: 1, period: "TOTAL" } });
    await grant({ frequency: { count: 2, period: "TOTAL" } }, bob);
    const { consents } = await ledger.check([question, { bank: "demo-bank", merchant: BOB }], []);
    const [first, second] = consents.map((list) => list[0]);
    if (first === undefined || second === undefined) throw new Error("no consents");
    expect(await ledger.claimUses([first, second, first, second])).toEqual([0, 1, undefined, 0]);
    expect(await ledger.claimUses([])).toEqual([]);
  });

  // 2026-03-15 is a Sunday; days, weeks and months end at 16:00 UTC.
  test.each([
    ["DAY", "2026-03-15T15:59:59.999Z", "2026-03-15T16:00:00.000Z"],
    ["WEEK", "2026-03-15T15:59:59.999Z", "2026-03-15T16:00:00.000Z"],
    ["MONTH", "2026-03-31T15:59:59.999Z", "2026-03-31T16:00:00.000Z"],
  ] as const)("starts again with the next %s of Shanghai, to the millisecond", async (period, last, next) => {
    await grant({ purpose: "POST_LOAN_MONITORING", frequency: { count: 1, period } });
    const consent = await checkOne();
    expect(await ledger.claimUses([consent])).toEqual([0]);
    room.setNow(last);
    expect((await checkOne()).used).toBe(1);
    expect(await ledger.claimUses([consent])).toEqual([undefined]);
    room.setNow(next);
    expect((await checkOne()).used).toBe(0);
    expect(await ledger.claimUses([consent])).toEqual([0]);
  });

  test("never starts again for a total", async () => {
    await grant({ frequency: { count: 1, period: "TOTAL" } });
    const consent = await checkOne();
    await ledger.claimUses([consent]);
    room.setNow("2026-04-30T00:00:00.000Z");
    expect(await ledger.claimUses([consent])).toEqual([undefined]);
    expect((await checkOne()).used).toBe(1);
  });
});

describe("when the truth is out of reach", () => {
  beforeEach(() => open({ timeoutMs: 250 }));

  test("a slow database means CONSENT_UNKNOWN for all who wait, its connection is destroyed, and the next check is good", async () => {
    await grant();
    const consent = await checkOne();
    const pidOf = async () => (await pool.pool.query("select pg_backend_pid() as pid")).rows[0].pid as number;
    const before = await pidOf();
    const blocker = await room.postgres.pool.connect();
    await blocker.query(
      "begin; lock table consents.checked_consent, consents.usage in access exclusive mode",
    );
    const started = performance.now();
    const codes = await Promise.all(
      [ledger.check([question], []), ledger.check([question], []), ledger.claimUses([consent])].map(codeOf),
    );
    expect(codes).toEqual(["CONSENT_UNKNOWN", "CONSENT_UNKNOWN", "CONSENT_UNKNOWN"]);
    expect(performance.now() - started).toBeLessThan(1_000);
    await blocker.query("rollback");
    blocker.release();
    expect((await checkOne()).terms.merchant).toBe(ALICE);
    expect(await pidOf()).not.toBe(before);
  });

  test("cut connections mean CONSENT_UNKNOWN or a good answer, never a wrong one, and it recovers", async () => {
    await grant();
    const checks = Array.from({ length: 20 }, () => ledger.check([question], []));
    const settled = Promise.allSettled(checks);
    await room.postgres.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
    );
    for (const result of await settled) {
      if (result.status === "rejected") expect(result.reason.code).toBe("CONSENT_UNKNOWN");
      else expect(result.value.consents[0]).toHaveLength(1);
    }
    await expect.poll(() => codeOf(ledger.check([question], []))).toBe("done");
  });

  test("a database that is gone means CONSENT_UNKNOWN", async () => {
    const consent = (await grant(), await checkOne());
    await pool.pool.end();
    expect(await codeOf(ledger.check([question], []))).toBe("CONSENT_UNKNOWN");
    expect(await codeOf(ledger.claimUses([consent]))).toBe("CONSENT_UNKNOWN");
  });

  test("a standby does not know", async () => {
    await grant();
    await room.postgres.pool.query(
      "create function public.pg_is_in_recovery() returns boolean language sql as 'select true'",
    );
    await room.postgres.pool.query(
      `alter database ${await databaseName()} set search_path = public, pg_catalog`,
    );
    const standby = createConsentLedger({ postgres: room.database.open({ poolMax: 2 }), timeoutMs: 5_000 });
    expect(await codeOf(standby.check([question], []))).toBe("CONSENT_UNKNOWN");
  });

  async function databaseName(): Promise<string> {
    return (await room.postgres.pool.query("select current_database() as name")).rows[0].name as string;
  }
});

describe("when the database is out of reach", () => {
  beforeEach(() => open());

  test("nothing is granted, listed or revoked, and that is said", async () => {
    const consentId = await grant();
    await room.postgres.close();
    expect((await room.ask(alice, CHANGE("revokeConsent"), { input: { consentId } })).codes).toEqual([
      "SERVICE_UNAVAILABLE",
    ]);
    expect((await room.ask(alice, GRANT, { input: termsFromNow() })).codes).toEqual(["SERVICE_UNAVAILABLE"]);
    expect((await room.ask(alice, "{ consents { nodes { id } } }")).codes).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(stateOf(await checkOne(), new Date(Date.now()))).toBe("ACTIVE");
  });
});
