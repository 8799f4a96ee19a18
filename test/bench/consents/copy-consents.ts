import type pg from "pg";
import type { Postgres } from "../../../foundation/postgres.js";
import { createSigner, generateSigningKey } from "../../../foundation/tokens.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import { writeGrant } from "../../../subgraphs/consents/grant-consent.js";
import { transact } from "../../../subgraphs/consents/transaction.js";

const LIFE_MS = 30 * 86_400_000;

/** A bank and a merchant (USCC) that consented to it. */
export interface ConsentPair {
  readonly bank: string;
  readonly merchant: string;
}

/**
 * Grants one consent as a merchant does, for PRE_LOAN_ASSESSMENT, all categories that are served and as many inquiries as
 * the purpose allows; resolves to its id. `lookbackMonths` is 1 to 36.
 */
export async function grantTemplate(owner: Postgres, lookbackMonths: number): Promise<string> {
  const signer = await createSigner(await generateSigningKey());
  const room = {
    store: { postgres: owner },
    rulebook: CN_RULEBOOK,
    signArtefact: (payload: object) => signer.sign("consent+jwt", { ...payload }),
  };
  const { consent } = await transact(room.store, (trx) =>
    writeGrant(room, trx, {
      merchant: "91990100MA0000A193",
      bank: "template-bank",
      purpose: "PRE_LOAN_ASSESSMENT",
      outOfRange: "REFUSE",
      terms: {
        categories: ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "REVIEWS", "SOCIAL"],
        lookbackMonths,
        expiresAt: new Date(Date.now() + LIFE_MS).toISOString(),
        frequency: CN_RULEBOOK.ceilings.PRE_LOAN_ASSESSMENT.frequencyMax,
      },
    }),
  );
  return consent.terms.consentId;
}

/** As the owner: rows by the million need not be guarded one by one against what a loader does not do. */
export async function unguarded(
  owner: Postgres,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const client = await owner.pool.connect();
  try {
    await client.query("set session_replication_role = replica");
    await work(client);
    await client.query("set session_replication_role = origin");
  } finally {
    client.release();
  }
}

const COPY = [
  `create temporary table pair on commit drop as
    select bank, merchant, gen_random_uuid() as id from unnest($1::text[], $2::text[]) as p(bank, merchant)`,
  `insert into consents.consent select (jsonb_populate_record(t, jsonb_build_object('merchant_id', p.merchant,
      'consent_id', p.id, 'bank', p.bank, 'terms',
      t.terms || jsonb_build_object('merchant', p.merchant, 'bank', p.bank, 'consentId', p.id)))).*
    from consents.consent t, pair p where t.consent_id = $1`,
  `insert into consents.consent_event select (jsonb_populate_record(t, jsonb_build_object('merchant_id', p.merchant,
      'consent_id', p.id))).* from consents.consent_event t, pair p where t.consent_id = $1`,
  // What the triggers would have written.
  `insert into consents.checked_consent (pair, consent_id, created_at, line)
    select consents.pair_of(c.merchant_id, c.bank), c.consent_id, c.created_at, consents.checked_line(c)
    from consents.consent c join pair p on p.merchant = c.merchant_id and p.id = c.consent_id`,
] as const;

/** Copies the template's rows for each pair: consents that the gateway takes for any others. */
export async function copyConsents(
  owner: Postgres,
  template: string,
  pairs: readonly ConsentPair[],
): Promise<void> {
  const [list, consents, events, lines] = COPY;
  await unguarded(owner, async (client) => {
    await client.query("begin");
    await client.query(list, [pairs.map(({ bank }) => bank), pairs.map(({ merchant }) => merchant)]);
    await client.query(consents, [template]);
    await client.query(events, [template]);
    await client.query(lines);
    await client.query("commit");
  });
  await owner.pool.query(
    "vacuum (analyze) consents.consent, consents.consent_event, consents.checked_consent",
  );
}

/** Gives every use back and forgets the record, so that each contender starts in the same house. */
export async function refill(owner: Postgres): Promise<void> {
  await unguarded(owner, async (client) => {
    await client.query("truncate consents.usage, consents.checked_use, inquiries.entry");
  });
}
