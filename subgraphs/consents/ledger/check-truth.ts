import type pg from "pg";
import type { Lane } from "../../../foundation/postgres/lane.js";
import type { Credential } from "../../../schema/claims.js";
import type { LedgerConsent } from "../../../schema/consent-terms.js";
import { periodStarts } from "../../../schema/consent/periods.js";
import { BureauError } from "../../../schema/errors.js";
import type { ConsentQuestion, ConsentSnapshot } from "../../../schema/ports.js";
import { judgedAt } from "../consent-row.js";
import { type FoundConsent, readLines } from "./read-lines.js";

const CONSENTS_OF_PAIR_MAX = 50;

/** One caller's part of a statement. */
export interface Check {
  readonly questions: readonly ConsentQuestion[];
  readonly credentials: readonly Credential[];
}

/**
 * One row, whatever is asked: three look-ups, each with one probe of an index for each name, and what they find put together
 * as the server finds it; the clock is read after the snapshot was taken. To hand over a row for each consent costs both sides
 * more than to find it. The lines are read in read-lines.ts. The primary key of `ended_credential` begins with the id.
 */
const CHECK = `select floor(date_part('epoch', coalesce($1::timestamptz, clock_timestamp())) * 1000)::bigint, pg_is_in_recovery(),
  (select string_agg(k.line, ',') from unnest($2::text[]) q, consents.checked_consent k where k.pair = q),
  (select string_agg(k.line, ',') from unnest($2::text[]) q, consents.checked_use k where k.pair = q),
  (select json_agg(kind || ' ' || id) from consents.ended_credential where id = any($3::text[]))`;

/** The columns of {@link CHECK}, as text. */
type CheckRow = readonly [
  nowMs: string,
  isReplica: string,
  consents: string | null,
  uses: string | null,
  ended: string | null,
];
const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

/** One statement is one snapshot for all callers. @throws CONSENT_UNKNOWN where the server is not the primary */
export async function checkTruth(
  lane: Lane,
  callers: readonly Check[],
  setNow: Date | null,
): Promise<readonly ConsentSnapshot[]> {
  const asked = new Set<string>();
  const credentials = new Set<string>();
  for (const caller of callers) {
    for (const question of caller.questions) asked.add(pairOf(question));
    for (const { id } of caller.credentials) credentials.add(id);
  }
  const { rows } = await lane.run((client) =>
    client.query<CheckRow & unknown[]>({
      name: "consents.check",
      text: CHECK,
      values: [setNow, textArray(asked), textArray(credentials)],
      rowMode: "array",
      types: AS_TEXT,
    }),
  );
  const row = rows[0];
  // A standby can lag behind a revocation: it does not know.
  if (row === undefined || row[1] !== "f") throw new BureauError("CONSENT_UNKNOWN", "not the primary");
  const [nowMs, , consentLines, useLines, endedNames] = row;
  const now = new Date(Number(nowMs));
  const found = groupByPair(readLines(consentLines, useLines, periodStarts(now)));
  const ended = new Set(endedNames === null ? [] : (JSON.parse(endedNames) as string[]));
  return callers.map(({ questions, credentials: own }) => {
    const consents = questions.map((question) => found.get(pairOf(question)) ?? NONE);
    return { now: judgedAt(now, consents), consents, ended: endedOf(own, ended) };
  });
}

/** As the database writes it: see `consents.pair_of`. */
function pairOf({ bank, merchant }: ConsentQuestion): string {
  return `${merchant} ${bank}`;
}

const NONE: readonly never[] = [];

/** Of each pair its consents, newest first. */
function groupByPair(all: readonly FoundConsent[]): ReadonlyMap<string, readonly LedgerConsent[]> {
  const groups = new Map<string, FoundConsent[]>();
  for (const one of all) {
    const pair = pairOf(one.consent.terms);
    const group = groups.get(pair);
    if (group === undefined) groups.set(pair, [one]);
    else group.push(one);
  }
  const found = new Map<string, readonly LedgerConsent[]>();
  for (const [pair, group] of groups) {
    if (group.length > 1) group.sort(newestFirst);
    if (group.length > CONSENTS_OF_PAIR_MAX) group.length = CONSENTS_OF_PAIR_MAX;
    found.set(
      pair,
      group.map(({ consent }) => consent),
    );
  }
  return found;
}

function newestFirst(a: FoundConsent, b: FoundConsent): number {
  return b.createdMs - a.createdMs || (a.consent.terms.consentId < b.consent.terms.consentId ? 1 : -1);
}

/**
 * PostgreSQL's literal of a text array. A check sends hundreds of names, and the driver would look through each for what
 * to escape; names that need it are left to the driver.
 */
function textArray(values: ReadonlySet<string>): string | readonly string[] {
  if (values.size === 0) return "{}";
  const names = [...values];
  return /["\\]/.test(names.join("")) ? names : `{"${names.join('","')}"}`;
}

function endedOf(credentials: readonly Credential[], ended: ReadonlySet<string>): readonly Credential[] {
  if (ended.size === 0) return NONE;
  return credentials.filter(({ kind, id }) => ended.has(`${kind} ${id}`));
}
