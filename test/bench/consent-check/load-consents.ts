import type pg from "pg";
import type { Postgres } from "../../../foundation/postgres.js";
import type { ConsentQuestion } from "../../../schema/ports.js";
import { grantTemplate, unguarded } from "../consents/copy-consents.js";

const BANKS = ["demo-bank", "second-bank"] as const;
const ENDED = 100_000;

/** The pair of the consent at a position: two banks for each merchant. */
export function pairAt(position: number): ConsentQuestion {
  const merchant = `91990100${String(Math.floor(position / BANKS.length)).padStart(10, "0")}`;
  return { bank: BANKS[position % BANKS.length] ?? BANKS[0], merchant };
}

/**
 * Grants one consent as a merchant does, and multiplies its rows: so many consents, each with its event, one in twenty
 * revoked, one in five used this month, and 100,000 credentials that were ended. The artefacts are left out of the copies:
 * no check reads them.
 */
export async function loadConsents(owner: Postgres, consents: number): Promise<void> {
  const template = await grantTemplate(owner, 12);
  await unguarded(owner, async (client) => {
    await client.query("set maintenance_work_mem = '512MB'");
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(SECONDARY_INDEXES);
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    for (const [text, values] of statements(template, consents)) await client.query(text, values);
    for (const { definition } of indexes) await client.query(definition);
  });
  await owner.pool.query(`vacuum (analyze) ${TABLES.map((table) => `consents.${table}`).join(", ")}`);
}

const TABLES = ["consent", "consent_event", "usage", "ended_credential", "checked_consent", "checked_use"];

/** Built at once they take a fraction of the time. */
const SECONDARY_INDEXES = `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
  where indrelid in ('consents.consent'::regclass, 'consents.consent_event'::regclass) and not indisunique`;

function statements(template: string, consents: number): readonly [text: string, values: unknown[]][] {
  const banks = `(array['${BANKS.join("', '")}'])[1 + i % ${BANKS.length}]`;
  return [
    [
      `insert into consents.consent (merchant_id, consent_id, version, bank, purpose, terms, artefact, created_at)
        select p.merchant, p.id, t.version, p.bank, t.purpose,
          t.terms || jsonb_build_object('merchant', p.merchant, 'bank', p.bank, 'consentId', p.id), '', t.created_at
        from consents.consent t, (
          select '91990100' || lpad((i / ${BANKS.length})::text, 10, '0') as merchant, ${banks} as bank, gen_random_uuid() as id
          from generate_series(0, $2::int - 1) i) p
        where t.consent_id = $1`,
      [template, consents],
    ],
    [
      `insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor)
        select c.merchant_id, c.consent_id, e.seq, e.kind, e.at, e.actor
        from consents.consent_event e, consents.consent c where e.consent_id = $1 and c.consent_id <> $1`,
      [template],
    ],
    [
      `insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor)
        select merchant_id, consent_id, 2, 'REVOKED', clock_timestamp(), merchant_id from consents.consent
        where hashtext(consent_id::text) % 20 = 0 and consent_id <> $1`,
      [template],
    ],
    [
      `insert into consents.usage (merchant_id, consent_id, period_start, used, allowed)
        select merchant_id, consent_id, consents.period_start(terms->'frequency'->>'period', clock_timestamp()), 1,
          (terms->'frequency'->>'count')::int from consents.consent where hashtext(consent_id::text) % 5 = 1`,
      [],
    ],
    // What the triggers would have written.
    [
      `insert into consents.checked_consent (pair, consent_id, created_at, line)
        select consents.pair_of(merchant_id, bank), consent_id, created_at, consents.checked_line(c)
        from consents.consent c where consent_id <> $1`,
      [template],
    ],
    [
      `insert into consents.checked_use (pair, consent_id, is_post_loan, period_start, line)
        select consents.pair_of(c.merchant_id, c.bank), u.consent_id, u.is_post_loan, u.period_start, consents.checked_use_line(u)
        from consents.usage u join consents.consent c on c.merchant_id = u.merchant_id and c.consent_id = u.consent_id`,
      [],
    ],
    [
      `insert into consents.ended_credential (kind, id, at, actor, reason)
        select 'TOKEN', 'https://as.example|ended-' || i, clock_timestamp(), 'officer-1', 'lost'
        from generate_series(1, $1::int) i`,
      [ENDED],
    ],
  ];
}

/** Every consent as a cache would keep it, in pieces: key and JSON, terms and events. */
export async function* readAsCached(
  client: pg.PoolClient,
): AsyncIterable<readonly { readonly key: string; readonly value: string }[]> {
  await client.query("begin read only");
  await client.query(
    `declare cached no scroll cursor for select 'consent:' || c.bank || ':' || c.merchant_id as key,
      jsonb_build_object('terms', c.terms, 'events', (select jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.at) order by e.seq)
        from consents.consent_event e where e.merchant_id = c.merchant_id and e.consent_id = c.consent_id))::text as value
      from consents.consent c where c.bank <> 'template-bank'`,
  );
  for (;;) {
    const { rows } = await client.query<{ key: string; value: string }>("fetch 2000 from cached");
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query("rollback");
}
