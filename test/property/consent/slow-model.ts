import type { Category } from "../../../schema/categories.js";
import type { ConsentInquiry } from "../../../schema/consent.js";
import type { LedgerConsent } from "../../../schema/consent-terms.js";
import type { Purpose } from "../../../schema/purposes.js";
import type { Rulebook } from "../../../schema/rulebook.js";

/**
 * What a consent means, written down a second time, plainly and slowly, from the words of docs/consent.md: it shares
 * types and the rulebook's numbers with the code that decides, and no line. Where the two differ one of them is wrong.
 */
export interface ModelAnswer {
  /** `CATEGORY LEVEL` to OK, or to `CODE rule`. */
  readonly verdicts: ReadonlyMap<string, string>;
  readonly consentId: string | undefined;
  readonly stage: string | undefined;
  /** Months opened, newest first. */
  readonly months: readonly string[];
  readonly accounts: string;
}

type Verdict = string;
const OK = "OK";

/** What stands of one consent at one instant. */
interface Standing {
  readonly consent: LedgerConsent;
  readonly grantedMs: number;
  readonly stage: string | undefined;
  readonly purpose: Purpose;
  readonly summaries: ReadonlySet<Category>;
  readonly records: ReadonlySet<Category>;
  readonly lookbackMonths: number;
  /** OK, or what refuses whichever category is asked, purpose and ceilings apart. */
  readonly state: Verdict;
  readonly fromMs: number;
}

/** Decides one inquiry by trying every consent on its own. */
export function modelDecide(
  consents: readonly LedgerConsent[],
  inquiry: ConsentInquiry,
  rulebook: Rulebook,
  now: Date,
): ModelAnswer {
  const wanted: (readonly [Category, "SUMMARY" | "RECORDS"])[] = [];
  for (const category of inquiry.categories) wanted.push([category, "SUMMARY"]);
  for (const category of inquiry.records ?? []) wanted.push([category, "SUMMARY"], [category, "RECORDS"]);
  const doors = new Map(
    wanted.map(([category, level]) => [
      `${category} ${level}`,
      atTheDoor(inquiry, rulebook, { category, level }),
    ]),
  );
  const passed = [...doors].filter(([, verdict]) => verdict === OK).map(([item]) => item);
  const standings = consents
    .filter(({ terms }) => terms.bank === inquiry.bank && terms.merchant === inquiry.merchant)
    .flatMap((consent) => standingOf(consent, now.getTime()));
  const chosen =
    passed.length === 0 ? undefined : choose(standings, { inquiry, rulebook, passed, nowMs: now.getTime() });
  const verdicts = new Map<string, Verdict>();
  for (const [item, door] of doors) {
    if (door !== OK) verdicts.set(item, door);
    else if (chosen === undefined) verdicts.set(item, "CONSENT_REQUIRED consent.required");
    else verdicts.set(item, underConsent(chosen, item, { inquiry, rulebook, nowMs: now.getTime() }));
  }
  const isOpen = [...verdicts.values()].includes(OK);
  return {
    verdicts,
    consentId: chosen?.consent.terms.consentId,
    stage: chosen?.stage,
    months: chosen === undefined || !isOpen ? [] : monthsBack(chosen, rulebook, now),
    accounts: JSON.stringify((isOpen ? chosen?.consent.terms.accounts : undefined) ?? "every"),
  };
}

/** What no merchant's consent can change: the token, and what the purpose needs. */
function atTheDoor(
  { purpose, merchant, tokenDetails }: ConsentInquiry,
  rulebook: Rulebook,
  { category, level }: { readonly category: Category; readonly level: "SUMMARY" | "RECORDS" },
): Verdict {
  let isNamed = false;
  let isReached = false;
  for (const { purposes, datatypes, merchants, privileges } of tokenDetails) {
    if (!purposes.includes(purpose) || !datatypes.includes(category)) continue;
    if (merchants !== undefined && !merchants.includes(merchant)) continue;
    isNamed = true;
    const levels = privileges ?? ["SUMMARY"];
    if (levels.includes("RECORDS")) isReached = true;
    if (levels.includes("SUMMARY") && level === "SUMMARY") isReached = true;
  }
  if (!isNamed) return "SCOPE_NOT_AUTHORIZED token.details";
  if (!isReached) return "SCOPE_NOT_AUTHORIZED token.privileges";
  const { categories, records, frequencyMax } = rulebook.ceilings[purpose];
  if (frequencyMax.count < 1) return "PURPOSE_CEILING_EXCEEDED ceiling.purpose";
  if (!categories.includes(category)) return "PURPOSE_CEILING_EXCEEDED ceiling.category";
  if (level === "RECORDS" && !records.includes(category)) return "PURPOSE_CEILING_EXCEEDED ceiling.level";
  return OK;
}

/** One consent at one instant; nothing where it was not granted yet. */
function standingOf(consent: LedgerConsent, nowMs: number): Standing[] {
  const { terms, events, used } = consent;
  const past = events.filter(({ at }) => at.getTime() <= nowMs);
  if (!past.some(({ kind }) => kind === "GRANTED")) return [];
  const grantedMs = (events.find(({ kind }) => kind === "GRANTED")?.at ?? new Date(0)).getTime();
  const startMs = new Date(terms.startsAt).getTime();
  const endMs = new Date(terms.expiresAt).getTime();
  const hasEnoughBy = (ms: number): boolean => {
    if (terms.signatories === undefined) return true;
    let count = 0;
    for (const person of new Set(terms.signatories)) {
      if (events.some((e) => e.kind === "SIGNED" && e.signatory === person && e.at.getTime() <= ms))
        count += 1;
    }
    return count >= 1 && count >= (terms.quorum ?? 1);
  };
  const disbursals = past
    .filter(({ kind }) => kind === "DISBURSED")
    .filter(({ at }) => startMs <= at.getTime() && at.getTime() < endMs && hasEnoughBy(at.getTime()))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const disbursal = terms.loan === undefined ? undefined : disbursals[0];
  const monitoring = disbursal === undefined ? undefined : terms.loan;
  const fromMs = disbursal === undefined ? startMs : disbursal.at.getTime();
  const countedMs = Math.min(fromMs, disbursal?.loan?.disbursedAt.getTime() ?? fromMs);
  const untilMs = monitoring === undefined ? endMs : countedMs + monitoring.lifeDays * 24 * 60 * 60 * 1000;
  const agreed = monitoring ?? terms;

  let state: Verdict = used < agreed.frequency.count ? OK : "CONSENT_EXHAUSTED consent.frequency";
  for (const { kind } of past) {
    if (kind === "PAUSED") state = "CONSENT_PAUSED consent.paused";
    if (kind === "RESUMED")
      state = used < agreed.frequency.count ? OK : "CONSENT_EXHAUSTED consent.frequency";
  }
  if (nowMs < fromMs) state = "CONSENT_NOT_YET_ACTIVE consent.started";
  if (!hasEnoughBy(nowMs)) state = "CONSENT_AWAITING_SIGNATORIES consent.signatories";
  if (nowMs >= untilMs) state = "CONSENT_EXPIRED consent.expired";
  const did = new Set<string>(past.map(({ kind }) => kind));
  if (did.has("CLOSED")) state = "CONSENT_CLOSED consent.closed";
  if (did.has("TERMINATED")) state = "CONSENT_TERMINATED consent.terminated";
  if (did.has("SUPERSEDED")) state = "CONSENT_REVOKED consent.superseded";
  if (did.has("REVOKED")) state = "CONSENT_REVOKED consent.revoked";
  return [
    {
      consent,
      grantedMs,
      stage: monitoring !== undefined ? "POST_LOAN" : terms.loan !== undefined ? "PRE_LOAN" : undefined,
      purpose: monitoring === undefined ? terms.purpose : "POST_LOAN_MONITORING",
      summaries: new Set(agreed.categories),
      records: new Set(agreed.records ?? []),
      lookbackMonths: agreed.lookbackMonths,
      state,
      fromMs,
    },
  ];
}

interface Asking {
  readonly inquiry: ConsentInquiry;
  readonly rulebook: Rulebook;
  readonly nowMs: number;
}

function underConsent(standing: Standing, item: string, { inquiry, rulebook, nowMs }: Asking): Verdict {
  const [category, level] = item.split(" ") as [Category, string];
  const { state, purpose, stage, fromMs, summaries, records, consent } = standing;
  if (state !== OK) return state;
  if (purpose !== inquiry.purpose) return "PURPOSE_NOT_CONSENTED consent.purpose";
  if (stage === "POST_LOAN" && !rulebook.ceilings[consent.terms.purpose].hasLoanStages)
    return "PURPOSE_CEILING_EXCEEDED ceiling.loan";
  const ageDays = (nowMs - fromMs) / (24 * 60 * 60 * 1000);
  if (ageDays >= rulebook.ceilings[purpose].lifeDaysMax) return "PURPOSE_CEILING_EXCEEDED ceiling.life";
  if (!summaries.has(category)) return "SCOPE_NOT_CONSENTED consent.category";
  if (level === "RECORDS" && !records.has(category)) return "LEVEL_NOT_CONSENTED consent.level";
  return OK;
}

/** The one that nothing beats: it opens more, then it tells more, then it is newer. */
function choose(
  standings: readonly Standing[],
  asking: Asking & { readonly passed: readonly string[] },
): Standing | undefined {
  const scoreOf = (one: Standing): readonly (number | string)[] => {
    const opened = asking.passed.filter((item) => underConsent(one, item, asking) === OK);
    return [
      opened.filter((item) => item.endsWith("SUMMARY")).length,
      opened.filter((item) => item.endsWith("RECORDS")).length,
      one.purpose === asking.inquiry.purpose ? 1 : 0,
      one.state === OK ? 1 : 0,
      one.grantedMs,
      one.consent.terms.version,
      one.consent.terms.consentId,
    ];
  };
  const scored = standings.map((standing) => ({ standing, score: scoreOf(standing) }));
  const winner = scored.find(({ score }) => !scored.some((another) => beats(another.score, score)));
  return winner?.standing;
}

function beats(mine: readonly (number | string)[], theirs: readonly (number | string)[]): boolean {
  for (const [i, value] of mine.entries()) {
    const opposite = theirs[i] ?? 0;
    if (value !== opposite) return value > opposite;
  }
  return false;
}

const CALENDAR = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Asia/Shanghai",
  year: "numeric",
  month: "2-digit",
});

/** The current month of Shanghai and those before it, one step back at a time. */
function monthsBack({ lookbackMonths, purpose }: Standing, rulebook: Rulebook, now: Date): readonly string[] {
  const most = rulebook.ceilings[purpose].lookbackMonthsMax;
  const months: string[] = [];
  let [year = 0, month = 0] = CALENDAR.format(now).split("-").map(Number);
  while (months.length < lookbackMonths && months.length < most) {
    months.push(`${year}-${String(month).padStart(2, "0")}`);
    month -= 1;
    if (month === 0) [year, month] = [year - 1, 12];
  }
  return months;
}
