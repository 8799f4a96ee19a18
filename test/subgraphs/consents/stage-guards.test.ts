import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  alice,
  ALICE,
  bank,
  type ConsentRoomTest,
  GRANT,
  openConsentRoom,
  termsFromNow,
} from "./consent-room.js";

let room: ConsentRoomTest;

beforeAll(async () => {
  room = await openConsentRoom();
});
afterAll(() => room.close());

const LOAN = {
  categories: ["TRANSACTIONS"],
  lookbackMonths: 6,
  frequency: { count: 3, period: "MONTH" },
  lifeDays: 365,
};
let banks = 0;
/** A consent of a pair of its own, so that none replaces another. */
const grant = async (over: object = {}, caller = alice): Promise<string> => {
  const input = termsFromNow({ bank: `bank-${(banks += 1)}`, loan: LOAN, ...over });
  const reply = await room.ask(caller, GRANT, { input });
  if (reply.codes.length > 0) throw new Error(reply.codes.join());
  return reply.data.grantConsent.id;
};

const sqlState = (text: string, values: unknown[] = []) =>
  room.postgres.pool.query(text, values).then(
    () => "done",
    (error: { code?: string }) => error.code,
  );

/** An event as an application without any rule of its own would write it. */
const event = (
  consentId: string,
  kind: string,
  over: { signatory?: string; loan?: string; disbursedAt?: string; at?: string } = {},
) =>
  sqlState(
    `insert into consents.consent_event
        (merchant_id, consent_id, seq, kind, at, actor, signatory, loan_reference, disbursed_at)
      select $1::text, $2::uuid, max(seq) + 1, $3, coalesce($4::timestamptz, clock_timestamp()), 'x', $5, $6,
        $7::timestamptz
      from consents.consent_event where merchant_id = $1 and consent_id = $2`,
    [
      ALICE,
      consentId,
      kind,
      over.at ?? null,
      over.signatory ?? null,
      over.loan ?? null,
      over.disbursedAt ?? null,
    ],
  );
const disburse = (consentId: string, over: object = {}) =>
  event(consentId, "DISBURSED", {
    loan: "L-1",
    disbursedAt: new Date(Date.now() - 1_000).toISOString(),
    ...over,
  });
const close = (consentId: string, loan = "L-1") => event(consentId, "CLOSED", { loan });

const FINAL = ["REVOKED", "SUPERSEDED", "TERMINATED"];
const EVERY = ["GRANTED", "PAUSED", "RESUMED", ...FINAL];

describe("the database itself keeps a loan's stages in order", () => {
  test("refuses a second disbursal, and one of a consent without loan terms", async () => {
    const id = await grant();
    expect(await disburse(id)).toBe("done");
    expect(await disburse(id)).toBe("23001");
    expect(await disburse(id, { loan: "L-2" })).toBe("23001");
    expect(await disburse(await grant({ loan: undefined }))).toBe("23001");
  });

  test("refuses a disbursal dated before the consent's start or at its end, whatever the clock says", async () => {
    const DAY_MS = 86_400_000;
    const future = new Date(Date.now() + 10 * DAY_MS).toISOString();
    const later = await grant({ startsAt: future });
    expect(await disburse(later)).toBe("23001");
    const id = await grant({ expiresAt: future });
    expect(await disburse(id, { at: future })).toBe("23001");
    expect(await disburse(id, { at: new Date(Date.parse(future) - 1).toISOString() })).toBe("done");
  });

  test("refuses a disbursal that the bank dates after its report", async () => {
    const id = await grant();
    expect(await disburse(id, { disbursedAt: new Date(Date.now() + 60_000).toISOString() })).toBe("23001");
    expect(await disburse(id)).toBe("done");
  });

  test("refuses a disbursal or payoff without its loan, and a loan on anything else", async () => {
    const id = await grant();
    expect(await disburse(id, { loan: undefined })).toBe("23514");
    expect(await disburse(id, { disbursedAt: undefined })).toBe("23001");
    expect(await event(id, "PAUSED", { loan: "L-1" })).toBe("23514");
    expect(await event(id, "PAUSED", { disbursedAt: "2026-01-01" })).toBe("23514");
    expect(await disburse(id)).toBe("done");
    expect(await event(id, "CLOSED")).toBe("23001");
  });

  test("refuses a payoff before the disbursal, and of another loan", async () => {
    const id = await grant();
    expect(await close(id)).toBe("23001");
    await disburse(id);
    expect(await close(id, "L-2")).toBe("23001");
    expect(await close(id)).toBe("done");
  });

  test("lets nothing follow the payoff", async () => {
    const id = await grant();
    await disburse(id);
    await close(id);
    for (const kind of EVERY) expect(await event(id, kind), kind).toBe("23001");
    expect(await close(id)).toBe("23001");
    expect(await disburse(id)).toBe("23001");
  });

  test.each(FINAL)("lets nothing follow %s, before the disbursal or after it", async (final) => {
    for (const isDisbursed of [false, true]) {
      const id = await grant();
      if (isDisbursed) expect(await disburse(id)).toBe("done");
      expect(await event(id, final)).toBe("done");
      for (const kind of EVERY) expect(await event(id, kind), kind).toBe("23001");
      expect(await disburse(id)).toBe("23001");
      expect(await close(id)).toBe("23001");
    }
  });

  test("lets a consent be revoked at every point before its end", async () => {
    const fresh = await grant();
    const paused = await grant();
    await event(paused, "PAUSED");
    const disbursed = await grant();
    await disburse(disbursed);
    const held = await grant();
    await disburse(held);
    await event(held, "PAUSED");
    for (const id of [fresh, paused, disbursed, held]) expect(await event(id, "REVOKED")).toBe("done");
  });

  test("knows a pause across other events", async () => {
    const id = await grant();
    expect(await event(id, "PAUSED")).toBe("done");
    expect(await disburse(id)).toBe("done");
    expect(await event(id, "PAUSED")).toBe("23001");
    expect(await event(id, "RESUMED")).toBe("done");
    expect(await event(id, "RESUMED")).toBe("23001");
  });

  test.each(["read committed", "repeatable read"])(
    "lets one of many concurrent disbursals through under %s",
    async (level) => {
      const id = await grant();
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const client = await room.postgres.pool.connect();
          try {
            await client.query(`begin isolation level ${level}`);
            await client.query(
              `insert into consents.consent_event
                  (merchant_id, consent_id, seq, kind, at, actor, loan_reference, disbursed_at)
                values ($1, $2, 2, 'DISBURSED', clock_timestamp(), 'x', $3, clock_timestamp() - interval '1 second')`,
              [ALICE, id, `L-${i}`],
            );
            await client.query("commit");
            return "done";
          } catch (error) {
            await client.query("rollback");
            return (error as { code: string }).code;
          } finally {
            client.release();
          }
        }),
      );
      expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
    },
  );

  test("counts the monitoring for itself, and gives back no use of either stage", async () => {
    const id = await grant();
    const insert =
      "insert into consents.usage (merchant_id, consent_id, is_post_loan, period_start, used, allowed) values ($1, $2, $3, '2020-01-01', 2, 3)";
    expect(await sqlState(insert, [ALICE, id, false])).toBe("done");
    expect(await sqlState(insert, [ALICE, id, true])).toBe("done");
    expect(await sqlState(insert, [ALICE, id, true])).toBe("23505");
    const of = "where consent_id = $1 and is_post_loan";
    expect(await sqlState(`update consents.usage set used = 4 ${of}`, [id])).toBe("23514");
    expect(await sqlState(`update consents.usage set used = 1 ${of}`, [id])).toBe("23001");
    expect(await sqlState(`update consents.usage set allowed = 9 ${of}`, [id])).toBe("23001");
  });
});

describe("the database itself keeps signatures to those who may sign", () => {
  const SET = "mutation($input: SetSignatoriesInput!) { setSignatories(input: $input) { seq state } }";
  const li = { ...alice, signatory: "li" };

  beforeAll(async () => {
    const input = { quorum: 2, signatories: ["li", "wang", "zhao"] };
    const reply = await room.ask(alice, SET, { input });
    expect(reply.data.setSignatories.state).toBe("IN_FORCE");
  });

  test("refuses a signature of a stranger, of nobody, and a second one of the same person", async () => {
    const id = await grant({}, li);
    expect(await event(id, "SIGNED", { signatory: "qian" })).toBe("23001");
    expect(await event(id, "SIGNED")).toMatch(/^23/);
    expect(await event(id, "SIGNED", { signatory: "li" })).toBe("23505");
    expect(await event(id, "SIGNED", { signatory: "wang" })).toBe("done");
  });

  test("refuses a disbursal before enough have signed", async () => {
    const id = await grant({}, li);
    expect(await disburse(id)).toBe("23001");
    expect(await event(id, "SIGNED", { signatory: "zhao" })).toBe("done");
    expect(await disburse(id)).toBe("done");
  });

  const list = (seq: number, replaces: number | null, signatories: readonly string[], quorum = 1) =>
    sqlState(
      "insert into consents.signatory_list (merchant_id, seq, quorum, signatories, replaces, created_at) values ($1, $2, $3, $4, $5, now())",
      [ALICE, seq, quorum, JSON.stringify(signatories), replaces],
    );
  const approval = (seq: number, signatory: string) =>
    sqlState(
      "insert into consents.signatory_approval (merchant_id, seq, signatory, at) values ($1, $2, $3, now())",
      [ALICE, seq, signatory],
    );
  const inForce = async () =>
    (await room.postgres.pool.query("select consents.signatories_in_force($1) as seq", [ALICE])).rows[0].seq;

  test("refuses a list that replaces none, or another than the one in force, and a quorum beyond it", async () => {
    expect(await list(2, null, ["qian"])).toBe("23001");
    expect(await list(3, 1, ["qian"])).toBe("23001");
    expect(await list(2, 1, ["qian"], 2)).toBe("23514");
    expect(await list(2, 1, ["qian"], 0)).toBe("23514");
    expect(await list(2, 1, ["qian"])).toBe("done");
    expect(await inForce()).toBe(1);
  });

  test("refuses approvals by others than the list in force names, and twice by one", async () => {
    expect(await approval(2, "qian")).toBe("23001");
    expect(await approval(1, "li")).toBe("23001");
    expect(await approval(9, "li")).toBe("23001");
    expect(await approval(2, "li")).toBe("done");
    expect(await approval(2, "li")).toBe("23505");
    expect(await inForce()).toBe(1);
    expect(await approval(2, "wang")).toBe("done");
    expect(await inForce()).toBe(2);
    expect(await approval(2, "zhao")).toBe("23001");
    expect(await list(3, 1, ["li"])).toBe("23001");
  });

  test.each(["signatory_list", "signatory_approval"])(
    "refuses to change, delete or empty %s",
    async (table) => {
      expect(await sqlState(`update consents.${table} set merchant_id = merchant_id`)).toBe("23001");
      expect(await sqlState(`delete from consents.${table}`)).toBe("23001");
      expect(await sqlState(`truncate consents.${table} cascade`)).toBe("23001");
    },
  );

  test("lets a bank see none of it", async () => {
    expect((await room.ask(bank, "{ signatories { seq } }")).codes).toEqual(["FORBIDDEN"]);
  });
});
