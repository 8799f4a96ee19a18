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

/** A row of `consents.check` as the ledger reads it: columns of text, the first three in the first row only. */
type CheckRow = readonly [
  now: string | null,
  replica: string | null,
  ended: string | null,
  i: string | null,
  terms: string | null,
  events: string | null,
  used: string | null,
];

/** For each question its consents, newest first; one empty row where there is none. No credential is ever ended here. */
function check(database: Database, { values }: Statement): readonly CheckRow[] {
  const [banks, merchants] = [textsOf(values[1]), textsOf(values[2])];
  const now = String(database.now().getTime());
  if (banks.length === 0) return [[now, "f", null, null, null, null, null]];
  return banks.flatMap((bank, index): readonly CheckRow[] => {
    const head = index === 0 ? ([now, "f", null] as const) : ([null, null, null] as const);
    const consents = database.consentsOf(bank, merchants[index] ?? "");
    if (consents.length === 0) return [[...head, String(index + 1), null, null, null]];
    return consents.map((consent): CheckRow => [...head, String(index + 1), ...columnsOf(consent)]);
  });
}

/** A text array, as a list or as the literal that the ledger writes for names without quotes and backslashes. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value !== "string") return value as readonly string[];
  return value === "{}" ? [] : value.slice(2, -2).split('","');
}

function columnsOf({ terms, events, used }: StoredConsent): readonly [string, string, string] {
  const told = events.map(({ kind, at }) => `${kind}:${at.getTime()}`).join(",");
  return [JSON.stringify(terms), told, String(used)];
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
