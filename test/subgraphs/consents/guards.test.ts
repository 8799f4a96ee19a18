import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alice, ALICE, type ConsentRoomTest, GRANT, openConsentRoom, termsFromNow } from "./consent-room.js";

let room: ConsentRoomTest;
let consentId: string;

beforeAll(async () => {
  room = await openConsentRoom();
  const reply = await room.ask(alice, GRANT, { input: termsFromNow() });
  consentId = reply.data.grantConsent.id;
});
afterAll(() => room.close());

const sqlState = (text: string, values: unknown[] = []) =>
  room.postgres.pool.query(text, values).then(
    () => "done",
    (error: { code?: string }) => error.code,
  );

const event = (seq: number, kind: string, id = consentId) =>
  sqlState(
    "insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor) values ($1, $2, $3, $4, now(), 'x')",
    [ALICE, id, seq, kind],
  );

describe("the database itself lets no consent go back (P2)", () => {
  test.each([
    ["consent", "merchant_id"],
    ["consent_event", "merchant_id"],
    ["consent_request", "merchant_id"],
    ["consent_request_event", "merchant_id"],
    ["consent_grant", "merchant_id"],
    ["ended_credential", "id"],
  ])("refuses to change, delete or empty %s", async (table, column) => {
    expect(await sqlState(`update consents.${table} set ${column} = ${column}`)).toBe("23001");
    expect(await sqlState(`delete from consents.${table}`)).toBe("23001");
    expect(await sqlState(`truncate consents.${table} cascade`)).toBe("23001");
  });

  test("refuses an event of no consent, a second grant, a gap and a resumption of what is not paused", async () => {
    expect(await event(1, "GRANTED", "00000000-0000-4000-8000-000000000000")).toBe("23503");
    expect(await event(2, "GRANTED")).toBe("23001");
    expect(await event(3, "PAUSED")).toBe("23001");
    expect(await event(2, "RESUMED")).toBe("23001");
  });

  test("refuses a use beyond what was agreed, and to give one back", async () => {
    const insert = "insert into consents.usage values ($1, $2, '2020-01-01', 3, 3)";
    expect(await sqlState(insert, [ALICE, consentId])).toBe("done");
    expect(await sqlState("update consents.usage set used = 4")).toBe("23514");
    expect(await sqlState("update consents.usage set used = 2")).toBe("23001");
    expect(await sqlState("update consents.usage set allowed = 9")).toBe("23001");
    expect(await sqlState("delete from consents.usage")).toBe("23001");
    expect(await sqlState("truncate consents.usage")).toBe("23001");
  });

  test("keeps an event's instant from going back behind the one before it", async () => {
    await room.postgres.pool.query(
      "insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor) values ($1, $2, 2, 'PAUSED', '2001-01-01', 'x')",
      [ALICE, consentId],
    );
    const { rows } = await room.postgres.pool.query(
      "select at from consents.consent_event where consent_id = $1 order by seq",
      [consentId],
    );
    expect(rows[1].at.getTime()).toBe(rows[0].at.getTime());
  });

  test("lets nothing follow a revocation", async () => {
    expect(await event(3, "REVOKED")).toBe("done");
    for (const kind of ["GRANTED", "PAUSED", "RESUMED", "REVOKED", "SUPERSEDED"])
      expect(await event(4, kind)).toBe("23001");
  });

  test.each(["read committed", "repeatable read"])(
    "lets one of many concurrent final events through under %s",
    async (level) => {
      const id = (
        await room.ask(alice, GRANT, {
          input: termsFromNow({ purpose: "CREDIT_LIMIT_REVIEW", frequency: undefined }),
        })
      ).data.grantConsent.id;
      const attempts = await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const client = await room.postgres.pool.connect();
          try {
            await client.query(`begin isolation level ${level}`);
            await client.query(
              "insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor) values ($1, $2, 2, $3, now(), 'x')",
              [ALICE, id, i % 2 === 0 ? "REVOKED" : "SUPERSEDED"],
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
      expect(attempts.filter((outcome) => outcome === "done")).toHaveLength(1);
      const { rows } = await room.postgres.pool.query(
        "select count(*) as n from consents.consent_event where consent_id = $1",
        [id],
      );
      expect(rows[0].n).toBe(2);
    },
  );
});
