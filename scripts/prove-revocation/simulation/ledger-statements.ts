import type { Database, StoredConsent } from "./database.js";
import type { Execute, Statement } from "./pool.js";

/** Of the real ledger's statements, what they answer; their texts are for the real database. */
export function executeOn(database: Database): Execute {
  return (statement) => {
    if (statement.name === "consents.check") return check(database, statement);
    if (statement.name === "consents.claim") return claim(database, statement);
    if (statement.name === "cached.check") return cachedCheck(database, statement);
    throw new Error(`the simulated database knows no statement ${statement.name}`);
  };
}

/** The one row of `consents.check` as the ledger reads it; no credential is ever ended here, and every frequency is a TOTAL. */
type CheckRow = readonly [
  nowMs: string,
  isReplica: string,
  consents: string | null,
  uses: string | null,
  ended: string | null,
];

const PERIOD_START = "1970-01-01";

/** The consents of each pair asked about, as lines with commas between. */
function check(database: Database, { values }: Statement): readonly [CheckRow] {
  const found = textsOf(values[1]).flatMap((pair) => database.consentsOf(pair));
  const used = found.filter((consent) => consent.used > 0);
  const consents = found.length === 0 ? null : found.map(lineOf).join(",");
  const uses = used.length === 0 ? null : used.map(useLineOf).join(",");
  return [[String(database.now().getTime()), "f", consents, uses, null]];
}

/** A text array, as a list or as the literal that the ledger writes for names without quotes and backslashes. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value !== "string") return value as readonly string[];
  return value === "{}" ? [] : value.slice(2, -2).split('","');
}

/** As `consents.checked_line` writes it. */
function lineOf({ terms, events }: StoredConsent): string {
  const told = events.map(({ kind, at }) => `${kind}:${at.getTime()}`).join(",");
  const { merchant, bank, consentId, version, purpose, categories, lookbackMonths, startsAt, expiresAt } =
    terms;
  const { frequency, rulebook } = terms;
  return JSON.stringify([
    merchant,
    bank,
    events[0]?.at.getTime() ?? 0,
    consentId,
    version,
    purpose,
    categories,
    lookbackMonths,
    startsAt,
    expiresAt,
    frequency.count,
    frequency.period,
    rulebook,
    told,
    null,
  ]);
}

/** As `consents.checked_use_line` writes it. */
function useLineOf({ terms, used }: StoredConsent): string {
  return JSON.stringify([terms.consentId, false, PERIOD_START, used]);
}

/** Rows of `consents.claim`: the new total of each consent that had enough uses left. */
function claim(database: Database, { values }: Statement): readonly object[] {
  const [, , ids, , , taken] = values as readonly (readonly unknown[])[];
  return (ids ?? []).flatMap((id, index) => {
    const used = database.use(String(id), Number(taken?.[index]));
    return used === undefined ? [] : [{ consent_id: id, is_post_loan: false, used }];
  });
}

/** What the cached protocol asks: changes since its stamp, pairs it does not know, and the next stamp. */
export interface CachedQuestion {
  readonly by: "xmin" | "sequence";
  readonly since: number | undefined;
  readonly missing: readonly { readonly bank: string; readonly merchant: string }[];
}

export interface CachedReply {
  readonly now: Date;
  readonly stamp: number;
  /** Consents that changed since the stamp, and all consents of the missing pairs. */
  readonly consents: readonly StoredConsent[];
}

function cachedCheck(database: Database, { values }: Statement): readonly [CachedReply] {
  const [{ by, since, missing }] = values as unknown as [CachedQuestion];
  const all = [...database.consents()];
  const wanted = new Set(missing.map(({ bank, merchant }) => `${bank} ${merchant}`));
  const isChanged = ({ xid, sequence }: StoredConsent): boolean =>
    since !== undefined && (by === "xmin" ? xid >= since : sequence > since);
  const consents = all.filter(
    (consent) => isChanged(consent) || wanted.has(`${consent.terms.bank} ${consent.terms.merchant}`),
  );
  const stamp = by === "xmin" ? database.xmin() : database.visibleSequence();
  return [{ now: database.now(), stamp, consents }];
}
