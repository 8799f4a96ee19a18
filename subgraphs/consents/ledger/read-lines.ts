import type { Category } from "../../../schema/categories.js";
import type { ConsentEvent, DecisiveTerms, LedgerConsent } from "../../../schema/consent-terms.js";
import type { PeriodStarts } from "../../../schema/consent/periods.js";
import type { FrequencyPeriod, Purpose } from "../../../schema/purposes.js";
import { readEvents } from "../consent-row.js";

/**
 * A consent as `consents.checked_line` writes it. Positions and not names, because a check reads many: half the bytes, and
 * half the time to read them. `rest` holds the terms that most consents do without.
 */
type ConsentLine = readonly [
  merchant: string,
  bank: string,
  createdMs: number,
  consentId: string,
  version: number,
  purpose: Purpose,
  categories: readonly Category[],
  lookbackMonths: number,
  startsAt: string,
  expiresAt: string,
  count: number,
  period: FrequencyPeriod,
  rulebook: string,
  events: string,
  rest: Pick<DecisiveTerms, "supersedes" | "records" | "accounts" | "loan" | "signatories" | "quorum"> | null,
];

/** Uses as `consents.checked_use_line` writes them: of one stage, in the newest period that was used. */
type UseLine = readonly [consentId: string, isPostLoan: boolean, periodStart: string, used: number];

/** A consent and where it belongs. */
export interface FoundConsent {
  readonly createdMs: number;
  readonly consent: LedgerConsent;
}

/** Reads lines with commas between; none where there are none. In no order. */
export function readLines(
  consents: string | null,
  uses: string | null,
  periods: PeriodStarts,
): readonly FoundConsent[] {
  if (consents === null) return [];
  const usesOf = uses === null ? undefined : readUses(uses, periods);
  return (JSON.parse(`[${consents}]`) as ConsentLine[]).map((line) => {
    const terms = termsOf(line);
    const events = eventsOf(line);
    return { createdMs: line[2], consent: { terms, events, used: usesOf?.(terms, events) ?? 0 } };
  });
}

function termsOf(line: ConsentLine): DecisiveTerms {
  const terms: DecisiveTerms = {
    consentId: line[3],
    version: line[4],
    merchant: line[0],
    bank: line[1],
    purpose: line[5],
    categories: line[6],
    lookbackMonths: line[7],
    startsAt: line[8],
    expiresAt: line[9],
    frequency: { count: line[10], period: line[11] },
    rulebook: line[12],
  };
  return line[14] === null ? terms : { ...terms, ...line[14] };
}

function eventsOf(line: ConsentLine): readonly ConsentEvent[] {
  return readEvents(line[13]);
}

type UsesOf = (terms: DecisiveTerms, events: readonly ConsentEvent[]) => number;

/** Uses under the terms in force: a loan's monitoring is counted for itself from the disbursal on. */
function readUses(lines: string, periods: PeriodStarts): UsesOf {
  const agreed = new Map<string, UseLine>();
  const postLoan = new Map<string, UseLine>();
  for (const line of JSON.parse(`[${lines}]`) as UseLine[]) (line[1] ? postLoan : agreed).set(line[0], line);
  return ({ consentId, frequency, loan }, events) => {
    const isPostLoan = loan !== undefined && events.some(({ kind }) => kind === "DISBURSED");
    const line = (isPostLoan ? postLoan : agreed).get(consentId);
    const { period } = isPostLoan ? loan.frequency : frequency;
    return line !== undefined && line[2] === periods[period] ? line[3] : 0;
  };
}
