import type pg from "pg";
import type { Timers } from "../../foundation/clock.js";
import { createCoalescer } from "../../foundation/coalescer.js";
import { createLane, type Lane } from "../../foundation/postgres/lane.js";
import type { Postgres } from "../../foundation/postgres.js";
import { termsInForce } from "../../schema/consent.js";
import type { Credential } from "../../schema/claims.js";
import type { ConsentTerms, Frequency, LedgerConsent } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import type { ConsentLedger, ConsentQuestion, ConsentSnapshot } from "../../schema/ports.js";
import { CLOCK, CONSENT_COLUMNS, judgedAt, toLedgerConsent } from "./consent-row.js";

/** Callers that share one statement. */
const CALLERS_MAX = 512;
const CONSENTS_OF_PAIR_MAX = 50;
/** Checks on the wire at a time: while the answers of one are read, the server works on the other. */
const CHECK_LANES = 2;

/**
 * Settings of the ledger's connections. Its few statements are planned once, whatever number of questions they carry: to
 * plan a check anew takes longer than to run it.
 */
export const LEDGER_CONNECTION = { jit: "off", plan_cache_mode: "force_generic_plan" } as const;

export interface ConsentLedgerOptions {
  /**
   * A small pool of the ledger's own, so that no other work can hold up a check. Three connections are used; they are
   * opened with `LEDGER_CONNECTION`.
   */
  readonly postgres: Postgres;
  /** How long a statement may be on the wire before its connection is destroyed. */
  readonly timeoutMs: number;
  /** WARNING: for tests only. Consents are judged by the database's clock; this takes its place. */
  readonly now?: () => Date;
  /** Default: the machine's own. */
  readonly timers?: Timers;
}

/**
 * The truth about consents, read through a freshness barrier: every check is part of one statement on the primary that
 * was sent after the check was asked for, so that an acknowledged revocation is always seen. Nothing is kept in memory.
 */
export function createConsentLedger(options: ConsentLedgerOptions): ConsentLedger {
  const setNow = (): Date | null => options.now?.() ?? null;
  const checks = coalesce(options, CHECK_LANES, (lane, callers: readonly Question[]) =>
    readTruth(lane, callers, setNow()),
  );
  const claims = coalesce(options, 1, (lane, consents: readonly LedgerConsent[]) =>
    countUses(lane, consents, setNow()),
  );
  return {
    check: (questions, credentials) => checks({ questions, credentials }),
    claimUses: (consents) => Promise.all(consents.map((consent) => claims(consent))),
  };
}

/** Statements go out on their own lanes; where one is late its connection is destroyed, and nobody else's. */
function coalesce<Item, Result>(
  { postgres, timeoutMs, timers }: ConsentLedgerOptions,
  lanes: number,
  send: (lane: Lane, items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  const open = Array.from({ length: lanes }, () => createLane(postgres.pool));
  const laneAt = (index: number): Lane => open[index] ?? createLane(postgres.pool);
  const coalescer = createCoalescer<Item, Result>({
    run: (items, lane) => send(laneAt(lane), items),
    timeoutMs,
    itemsMax: CALLERS_MAX,
    lanes,
    onTimeout: (lane) => laneAt(lane).cut(),
    ...(timers === undefined ? {} : { timers }),
  });
  return async (item) => {
    try {
      return await coalescer.call(item);
    } catch (error) {
      throw new BureauError("CONSENT_UNKNOWN", "the ledger cannot be read", { cause: error });
    }
  };
}

/**
 * What is the same for the whole statement stands in the rows of the first question only (or in the one row of a
 * statement without questions). The primary key of `ended_credential` begins with the id.
 */
const CHECK = `with ${CLOCK}
select case when q.i > 1 then null else (date_part('epoch', clock.now) * 1000)::bigint end as now,
  case when q.i > 1 then null else pg_is_in_recovery() end as replica,
  case when q.i > 1 then null else
    (select json_agg(e.kind || ' ' || e.id) from consents.ended_credential e where e.id = any($4::text[])) end as ended,
  q.i, x.terms, x.events, x.used
from clock
left join unnest($2::text[], $3::text[]) with ordinality as q(bank, merchant, i) on true
left join lateral (
  select ${CONSENT_COLUMNS} from consents.consent c
  where c.merchant_id = q.merchant and c.bank = q.bank
  order by c.created_at desc, c.consent_id desc limit ${CONSENTS_OF_PAIR_MAX}
) x on true
order by q.i, x.created_at desc`;

/** Columns of {@link CHECK}, as text: a check is the busiest statement of all, and most columns need no conversion. */
type CheckRow = readonly [
  now: string | null,
  replica: string | null,
  ended: string | null,
  i: string | null,
  terms: string | null,
  events: string | null,
  used: string | null,
];
const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

interface Question {
  readonly questions: readonly ConsentQuestion[];
  readonly credentials: readonly Credential[];
}

/** One statement is one snapshot for all callers. */
async function readTruth(
  lane: Lane,
  callers: readonly Question[],
  setNow: Date | null,
): Promise<readonly ConsentSnapshot[]> {
  const banks: string[] = [];
  const merchants: string[] = [];
  const credentials = new Set<string>();
  for (const caller of callers) {
    for (const { bank, merchant } of caller.questions) {
      banks.push(bank);
      merchants.push(merchant);
    }
    for (const { id } of caller.credentials) credentials.add(id);
  }
  const { rows } = await lane.run((client) =>
    client.query<CheckRow & unknown[]>({
      name: "consents.check",
      text: CHECK,
      values: [setNow, textArray(banks), textArray(merchants), textArray([...credentials])],
      rowMode: "array",
      types: AS_TEXT,
    }),
  );
  const first = rows[0];
  // A standby can lag behind a revocation: it does not know.
  if (first === undefined || first[1] !== "f") throw new BureauError("CONSENT_UNKNOWN", "not the primary");
  const found: LedgerConsent[][] = banks.map(() => []);
  for (const [, , , i, terms, events, used] of rows) {
    if (i === null || terms === null) continue;
    found[Number(i) - 1]?.push(
      toLedgerConsent({ terms: JSON.parse(terms) as ConsentTerms, events, used: Number(used) }),
    );
  }
  const now = new Date(Number(first[0]));
  const ended = new Set(first[2] === null ? [] : (JSON.parse(first[2]) as string[]));
  let start = 0;
  return callers.map((caller) => {
    const consents = found.slice(start, (start += caller.questions.length));
    return { now: judgedAt(now, consents.flat()), consents, ended: endedOf(caller.credentials, ended) };
  });
}

/**
 * PostgreSQL's literal of a text array. A check sends hundreds of names, and the driver would look through each for what
 * to escape; names that need it are left to the driver.
 */
function textArray(values: readonly string[]): string | readonly string[] {
  if (values.length === 0) return "{}";
  return /["\\]/.test(values.join("")) ? values : `{"${values.join('","')}"}`;
}

const NONE: readonly Credential[] = [];

function endedOf(credentials: readonly Credential[], ended: ReadonlySet<string>): readonly Credential[] {
  if (ended.size === 0) return NONE;
  return credentials.filter(({ kind, id }) => ended.has(`${kind} ${id}`));
}

/**
 * Takes `taken` uses of each consent, or none of it where fewer are left, or where a loan was disbursed since it was
 * read: nothing is counted under terms that are no longer in force. A consent may stand here once a stage.
 */
const CLAIM = `with ${CLOCK}
insert into consents.usage as u (merchant_id, consent_id, is_post_loan, period_start, used, allowed)
select a.merchant_id, a.consent_id, a.is_post_loan, consents.period_start(a.period, clock.now), a.taken, a.allowed
from clock, unnest($2::text[], $3::uuid[], $4::text[], $5::int[], $6::int[], $7::boolean[])
  as a(merchant_id, consent_id, period, allowed, taken, is_post_loan)
where a.taken <= a.allowed and a.is_post_loan = exists (select 1 from consents.consent_event e
  where e.merchant_id = a.merchant_id and e.consent_id = a.consent_id and e.kind = 'DISBURSED')
order by a.merchant_id, a.consent_id, a.is_post_loan
on conflict (merchant_id, consent_id, is_post_loan, period_start)
  do update set used = u.used + excluded.used where u.used + excluded.used <= u.allowed
returning u.consent_id, u.is_post_loan, u.used`;

interface Claim {
  readonly consent: LedgerConsent;
  readonly frequency: Frequency;
  readonly isPostLoan: boolean;
  /** Positions of the callers in the batch. */
  readonly callers: readonly number[];
}

/**
 * Counts a batch of uses. Callers of the same consent are counted together; only where not all of them can be served
 * they are counted one by one, so that the last use goes to exactly one of them.
 */
async function countUses(
  lane: Lane,
  consents: readonly LedgerConsent[],
  setNow: Date | null,
): Promise<readonly (number | undefined)[]> {
  const left = Array.from<number | undefined>({ length: consents.length });
  const claims = groupByConsent(consents);
  await lane.run(async (client) => {
    const take = async (some: readonly Claim[]): Promise<ReadonlyMap<string, number>> => {
      const terms = some.map(({ consent }) => consent.terms);
      const values = [
        setNow,
        terms.map(({ merchant }) => merchant),
        terms.map(({ consentId }) => consentId),
        some.map(({ frequency }) => frequency.period),
        some.map(({ frequency }) => frequency.count),
        some.map(({ callers }) => callers.length),
        some.map(({ isPostLoan }) => isPostLoan),
      ];
      const { rows } = await client.query<{ consent_id: string; is_post_loan: boolean; used: number }>({
        name: "consents.claim",
        text: CLAIM,
        values,
      });
      return new Map(rows.map((row) => [keyOf(row.consent_id, row.is_post_loan), row.used]));
    };
    const serve = (claim: Claim, used: number): void => {
      const remaining = claim.frequency.count - used;
      claim.callers.forEach((caller, k) => void (left[caller] = remaining + claim.callers.length - 1 - k));
    };
    const together = await take(claims);
    for (const claim of claims) {
      const used = together.get(keyOf(claim.consent.terms.consentId, claim.isPostLoan));
      if (used !== undefined) serve(claim, used);
      else if (claim.callers.length > 1) await takeSingly(claim, take, serve);
    }
  });
  return left;
}

async function takeSingly(
  { callers, ...claim }: Claim,
  take: (claims: readonly Claim[]) => Promise<ReadonlyMap<string, number>>,
  serve: (claim: Claim, used: number) => void,
): Promise<void> {
  for (const caller of callers) {
    const single = { ...claim, callers: [caller] };
    const used = (await take([single])).get(keyOf(claim.consent.terms.consentId, claim.isPostLoan));
    if (used === undefined) return;
    serve(single, used);
  }
}

/** No instant is later: every event that the ledger gave has happened. */
const FAR = new Date(8.64e15);

function groupByConsent(consents: readonly LedgerConsent[]): readonly Claim[] {
  const groups = new Map<string, Claim & { callers: number[] }>();
  for (const [caller, consent] of consents.entries()) {
    const { frequency, stage } = termsInForce(consent, FAR);
    const isPostLoan = stage === "POST_LOAN";
    const key = keyOf(consent.terms.consentId, isPostLoan);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { consent, frequency, isPostLoan, callers: [caller] });
    else group.callers.push(caller);
  }
  return [...groups.values()];
}

function keyOf(consentId: string, isPostLoan: boolean): string {
  return `${consentId} ${isPostLoan}`;
}
