import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { prepareDatabase } from "../../../foundation/postgres/prepare-database.js";
import type { ConsentLedger } from "../../../schema/ports.js";
import { listConsents } from "../../../subgraphs/consents/consent-store.js";
import { createConsentLedger } from "../../../subgraphs/consents/index.js";
import { SUBGRAPH_SCHEMAS } from "../../../subgraphs/index.js";
import { printedSeed } from "../../support/seed.js";
import { randomFrom } from "../../bench/statistics.js";
import { ALICE, BOB, type ConsentRoomTest, openConsentRoom } from "./consent-room.js";

const DAY_MS = 86_400_000;
const MERCHANTS = [ALICE, BOB];
const BANKS = ["demo-bank", "second-bank"];
const PAIRS = MERCHANTS.flatMap((merchant) => BANKS.map((bank) => ({ bank, merchant })));
const KINDS = [
  "SIGNED",
  "SIGNED",
  "PAUSED",
  "RESUMED",
  "DISBURSED",
  "DISBURSED",
  "CLOSED",
  "TERMINATED",
  "REVOKED",
];
/** What would break a line that was put together carelessly. */
const PERSON = 'li "quoted", [x]\\\n\tzhāng 张';

let room: ConsentRoomTest;
let ledger: ConsentLedger;
let nowMs: number;
const now = () => new Date(nowMs);

beforeEach(async () => {
  nowMs = Date.parse("2026-03-15T04:00:00.000Z");
  room = await openConsentRoom({ fakeClock: true });
  ledger = createConsentLedger({ postgres: room.database.open({ poolMax: 4 }), timeoutMs: 20_000, now });
});
afterEach(() => room.close());

type Draw = (bound: number) => number;

function termsOf(pair: (typeof PAIRS)[number], consentId: string, draw: Draw): object {
  const period = ["DAY", "WEEK", "MONTH", "TOTAL"][draw(4)];
  const base = {
    frequency: { count: 1 + draw(3), period },
    categories: ["IDENTITY", "TRANSACTIONS"],
    lookbackMonths: 3,
  };
  return {
    ...base,
    ...pair,
    consentId,
    version: 1 + draw(3),
    purpose: "PRE_LOAN_ASSESSMENT",
    purposeText: { en: "why", zh: "为何" },
    startsAt: now().toISOString(),
    expiresAt: new Date(nowMs + 90 * DAY_MS).toISOString(),
    rulebook: "CN-2026.2",
    notice: { version: "1", language: "zh", sha256: "00" },
    ...(draw(2) === 0 ? {} : { records: ["TRANSACTIONS"], supersedes: randomUUID() }),
    ...(draw(3) === 0 ? { accounts: [{ platform: "tmall", sellerId: PERSON }] } : {}),
    ...(draw(3) === 0 ? { signatories: [PERSON, "wang"], quorum: 1 } : {}),
    ...(draw(2) === 0 ? { loan: { ...base, purposeText: { en: "", zh: "" }, lifeDays: 360 } } : {}),
  };
}

async function grant(pair: (typeof PAIRS)[number], draw: Draw): Promise<string> {
  const id = randomUUID();
  await room.postgres.pool.query(
    `with c as (insert into consents.consent (merchant_id, consent_id, version, bank, purpose, terms, artefact, created_at)
      values ($1, $2, 1, $3, 'PRE_LOAN_ASSESSMENT', $4, 'a.b.c', $5)) select 1`,
    [pair.merchant, id, pair.bank, JSON.stringify(termsOf(pair, id, draw)), now()],
  );
  await append(pair.merchant, id, "GRANTED", draw);
  return id;
}

/** What the guards refuse has not happened; how often something did is counted by the caller. */
async function append(merchant: string, id: string, kind: string, draw: Draw): Promise<boolean> {
  const isLoan = kind === "DISBURSED" || kind === "CLOSED";
  const values = [merchant, id, kind, now(), draw(2) === 0 || kind === "SIGNED" ? PERSON : null];
  return await room.postgres.pool
    .query(
      `insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor, signatory, loan_reference, disbursed_at)
        select $1::text, $2::uuid, coalesce(max(seq), 0) + 1, $3::text, $4::timestamptz, 'x', $5::text, $6::text, $7::timestamptz
        from consents.consent_event where merchant_id = $1 and consent_id = $2`,
      [...values, isLoan ? PERSON : null, kind === "DISBURSED" ? new Date(nowMs - 1_000) : null],
    )
    .then(
      () => true,
      (error: { code?: string }) => {
        if (error.code !== "23001" && error.code !== "23505") throw error;
        return false;
      },
    );
}

/** The same from the tables themselves, by the slow statement that the room reads consents with. */
async function readSlowly({ bank, merchant }: (typeof PAIRS)[number]): Promise<readonly object[]> {
  const page = { limit: 1_000, after: undefined };
  const stored = await listConsents({ postgres: room.postgres, now }, { merchant }, page);
  return stored
    .filter(({ consent }) => consent.terms.bank === bank)
    .slice(0, 50)
    .map(({ consent: { terms, events, used } }) => {
      const { purposeText: _words, notice: _notice, ...decisive } = terms;
      return { terms: decisive, events, used };
    });
}

const requireSame = async (): Promise<void> => {
  const { consents } = await ledger.check(PAIRS, []);
  for (const [i, pair] of PAIRS.entries()) expect(consents[i]).toEqual(await readSlowly(pair));
};

describe("what a check reads", () => {
  test("says what the tables say, after any history", async () => {
    const draw = randomFrom(printedSeed("LINES_SEED"));
    const ids: { readonly merchant: string; readonly id: string }[] = [];
    const happened = { events: 0, uses: 0 };
    for (let step = 0; step < 40; step += 1) {
      const one = async (): Promise<void> => {
        const act = draw(6);
        const pair = PAIRS[draw(PAIRS.length)] ?? { bank: "", merchant: "" };
        const known = ids[draw(Math.max(1, ids.length))];
        if (act === 0 || known === undefined)
          ids.push({ merchant: pair.merchant, id: await grant(pair, draw) });
        else if (act === 1) nowMs += draw(20) * DAY_MS;
        else if (act === 2) {
          const { consents } = await ledger.check([pair], []);
          const left = await ledger.claimUses(consents.flat());
          happened.uses += left.filter((count) => count !== undefined).length;
        } else if (await append(known.merchant, known.id, KINDS[draw(KINDS.length)] ?? "", draw))
          happened.events += 1;
      };
      await Promise.all([one(), one(), one()]);
      await requireSame();
    }
    expect(ids.length).toBeGreaterThan(5);
    expect(happened.events).toBeGreaterThan(5);
    expect(happened.uses).toBeGreaterThan(2);
  });

  test("is the newest 50 consents of a pair, and an older one does not come back by an event", async () => {
    const draw = randomFrom(1);
    const pair = { bank: "demo-bank", merchant: ALICE };
    const first = await grant(pair, draw);
    for (let i = 0; i < 51; i += 1) {
      nowMs += 1_000;
      await grant(pair, draw);
    }
    expect(await append(ALICE, first, "REVOKED", draw)).toBe(true);
    const { consents } = await ledger.check([pair], []);
    expect(consents[0]).toHaveLength(50);
    expect(consents[0]?.some(({ terms }) => terms.consentId === first)).toBe(false);
    await requireSame();
  });

  test("is undone with the transaction that would have changed it", async () => {
    const draw = randomFrom(2);
    const id = await grant({ bank: "demo-bank", merchant: ALICE }, draw);
    const client = await room.postgres.pool.connect();
    await client.query("begin");
    await client.query(
      "insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor) values ($1, $2, 2, 'REVOKED', $3, 'x')",
      [ALICE, id, now()],
    );
    await requireSame();
    await client.query("rollback");
    client.release();
    await requireSame();
  });
});

describe("nobody writes what a check reads", () => {
  const WRITES = ["checked_consent", "checked_use"].flatMap((table) => [
    `insert into consents.${table} select * from consents.${table}`,
    `update consents.${table} set line = line`,
    `delete from consents.${table}`,
    `truncate consents.${table}`,
  ]);

  test.each(WRITES)("not the owner of the tables: %s", async (text) => {
    await expect(room.postgres.pool.query(text)).rejects.toMatchObject({ code: "23001" });
  });

  test("and the application's role has no right to; it reads, and its own changes are seen", async () => {
    const connectionString = room.database.applicationConnectionString ?? "";
    await prepareDatabase(
      { connectionString, ownerConnectionString: room.database.connectionString },
      SUBGRAPH_SCHEMAS,
    );
    const application = room.database.open({ as: "application", poolMax: 4 });
    for (const text of WRITES)
      await expect(application.pool.query(text)).rejects.toMatchObject({ code: "42501" });
    const id = await grant({ bank: "demo-bank", merchant: ALICE }, randomFrom(3));
    const own = createConsentLedger({ postgres: application, timeoutMs: 20_000, now });
    const seen = async () =>
      (await own.check([{ bank: "demo-bank", merchant: ALICE }], [])).consents[0] ?? [];
    expect(await own.claimUses(await seen())).toEqual([expect.any(Number)]);
    expect((await seen()).map(({ terms, used }) => [terms.consentId, used])).toEqual([[id, 1]]);
    await application.pool.query(
      "insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor) values ($1, $2, 2, 'REVOKED', $3, 'x')",
      [ALICE, id, now()],
    );
    expect((await seen())[0]?.events.map(({ kind }) => kind)).toEqual(["GRANTED", "REVOKED"]);
  });
});
