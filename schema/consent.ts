import type { Category, Level } from "./categories.js";
import type { MonthRange, PlatformAccount, ProfileDetail } from "./claims.js";
import { candidatesOf } from "./consent/candidates.js";
import { openedMonths } from "./consent/months.js";
import { stateOf, type TermsInForce, termsInForce } from "./consent/state.js";
import type { ConsentState, LedgerConsent } from "./consent-terms.js";
import type { ErrorCode } from "./errors.js";
import type { RuleDecision } from "./ports.js";
import type { Purpose } from "./purposes.js";
import { articleOf, type Rulebook, type RuleId } from "./rulebook.js";

export { stateOf, type TermsInForce, termsInForce } from "./consent/state.js";

const DAY_MS = 86_400_000;

/** One bank's question about one merchant. */
export interface ConsentInquiry {
  readonly bank: string;
  readonly merchant: string;
  readonly purpose: Purpose;
  /** Asked; repetitions count once. */
  readonly categories: readonly Category[];
  /** Asked at RECORDS; whoever asks for a category's records asks for the category. Absent asks for none. */
  readonly records?: readonly Category[];
  /** The `authorization_details` of the access token. */
  readonly tokenDetails: readonly ProfileDetail[];
}

/** A category that was asked for at a level and does not leave at it, and what that rests on. */
export interface WithheldCategory {
  readonly category: Category;
  /** RECORDS leaves the figures of the category alone; whatever withholds SUMMARY withholds RECORDS too. */
  readonly level: Level;
  readonly code: ErrorCode;
  readonly rule: RuleId;
  readonly article: string;
  readonly fix: string;
}

/** What may leave, what may not, and the rule behind each. */
export interface ConsentDecision {
  readonly decision: "GRANTED" | "PART_GRANTED" | "REFUSED";
  /** The one consent that decided: it opens what is granted, or is the reason of the refusal. */
  readonly consent?: LedgerConsent;
  /** The terms of that consent which stood at the instant of the decision. */
  readonly terms?: TermsInForce;
  /** In the order asked. */
  readonly granted: readonly Category[];
  /** Of `granted`: those whose single records may leave as well; in the order asked. */
  readonly records: readonly Category[];
  /** First those withheld at SUMMARY, then at RECORDS; in the order asked. */
  readonly withheld: readonly WithheldCategory[];
  /** The months that the consent opens; absent when nothing is granted, and for the merchant's own file (every month). */
  readonly months?: MonthRange;
  /** The seller accounts that the consent opens; absent when nothing is granted, and where every linked account is open. */
  readonly accounts?: readonly PlatformAccount[];
  /** One per category and level asked, in the order of `withheld`. */
  readonly rules: readonly RuleDecision[];
}

/** A rule that refuses, with the code that the bank is told. */
interface Refusal {
  readonly code: ErrorCode;
  readonly rule: RuleId;
}

/** A category as it was asked for: its figures, or its single records. */
interface Item {
  readonly category: Category;
  readonly level: Level;
}

interface Verdict extends Item {
  readonly refusal: Refusal | undefined;
}

const GRANTED: RuleId = "consent.granted";

/**
 * Decides one inquiry. The only place where consent is decided; pure, and the order of judgement is fixed:
 * 1. the token's details cover merchant, purpose, category and level (SCOPE_NOT_AUTHORIZED);
 * 2. the rulebook's ceilings for the purpose, category and level (PURPOSE_CEILING_EXCEEDED);
 * 3. a consent of this merchant for this bank exists (CONSENT_REQUIRED; an unknown merchant answers alike);
 * 4. its state at `now`, `startsAt <= now < expiresAt` to the millisecond (CONSENT_NOT_YET_ACTIVE, _PAUSED, _REVOKED,
 *    _EXPIRED, _EXHAUSTED, _CLOSED, _TERMINATED, _AWAITING_SIGNATORIES);
 * 5. its purpose, a loan's monitoring after the disbursal (PURPOSE_NOT_CONSENTED);
 * 6. its categories (SCOPE_NOT_CONSENTED); 7. their level (LEVEL_NOT_CONSENTED).
 * The first that fails is the answer for the category and level. Of several consents the one that grants most
 * categories decides, then most records, the newest among equals; two are never added up. Where none grants, the one
 * for the same purpose that came furthest is told. The order in which consents are given does not matter. `now` is the
 * ledger's clock.
 */
export function decide(
  consents: readonly LedgerConsent[],
  inquiry: ConsentInquiry,
  rulebook: Rulebook,
  now: Date,
): ConsentDecision {
  const records = [...new Set(inquiry.records)];
  const asked = [...new Set([...inquiry.categories, ...records])];
  const items: readonly Item[] = [
    ...asked.map((category) => ({ category, level: "SUMMARY" as const })),
    ...records.map((category) => ({ category, level: "RECORDS" as const })),
  ];
  const judging = { inquiry, rulebook, now };
  const open = items.filter((item) => refusalBefore(item, judging) === undefined);
  const held = open.length === 0 ? [] : candidatesOf(inquiry, consents, now);
  const candidate = best(
    held.map((consent) => judge(consent, judging)),
    open,
    inquiry.purpose,
  );
  const verdicts = items.map((item) => ({
    ...item,
    refusal: refusalBefore(item, judging) ?? refusalBy(candidate, item),
  }));
  const grantedAt = (level: Level): readonly Category[] =>
    verdicts
      .filter((one) => one.level === level && one.refusal === undefined)
      .map(({ category }) => category);
  const granted = grantedAt("SUMMARY");
  const isWhole = verdicts.every(({ refusal }) => refusal === undefined);
  return {
    decision: granted.length === 0 ? "REFUSED" : isWhole ? "GRANTED" : "PART_GRANTED",
    granted,
    records: grantedAt("RECORDS"),
    ...explain(verdicts, inquiry.merchant, rulebook),
    ...(candidate === undefined ? {} : { consent: candidate.consent, terms: candidate.terms }),
    ...(candidate === undefined || granted.length === 0 ? {} : opened(candidate, rulebook, now)),
  };
}

/**
 * A merchant reads its own file: every category at every level, every month, at any time (征信业管理条例 第十七条). Whether the
 * asker is that merchant is for the caller to know.
 */
export function decideOwn(
  categories: readonly Category[],
  rulebook: Rulebook,
  records: readonly Category[] = [],
): ConsentDecision {
  const granted = [...new Set([...categories, ...records])];
  const single = [...new Set(records)];
  const article = rulebook.rules["own.file"].article.INDIVIDUAL;
  const rule = { allowed: true, code: "OK", rule: "own.file", article } as const;
  return {
    decision: granted.length === 0 ? "REFUSED" : "GRANTED",
    granted,
    records: single,
    withheld: [],
    rules: [
      ...granted.map((category) => ({ category, level: "SUMMARY" as const, ...rule })),
      ...single.map((category) => ({ category, level: "RECORDS" as const, ...rule })),
    ],
  };
}

const STATE_REFUSALS: Readonly<Record<Exclude<ConsentState, "ACTIVE">, Refusal>> = {
  AWAITING_SIGNATORIES: { code: "CONSENT_AWAITING_SIGNATORIES", rule: "consent.signatories" },
  SCHEDULED: { code: "CONSENT_NOT_YET_ACTIVE", rule: "consent.started" },
  PAUSED: { code: "CONSENT_PAUSED", rule: "consent.paused" },
  REVOKED: { code: "CONSENT_REVOKED", rule: "consent.revoked" },
  SUPERSEDED: { code: "CONSENT_REVOKED", rule: "consent.superseded" },
  EXPIRED: { code: "CONSENT_EXPIRED", rule: "consent.expired" },
  EXHAUSTED: { code: "CONSENT_EXHAUSTED", rule: "consent.frequency" },
  CLOSED: { code: "CONSENT_CLOSED", rule: "consent.closed" },
  TERMINATED: { code: "CONSENT_TERMINATED", rule: "consent.terminated" },
};

interface Judging {
  readonly inquiry: ConsentInquiry;
  readonly rulebook: Rulebook;
  readonly now: Date;
}

/** What refuses whoever the merchant is and whatever it consented to; it tells nothing of the merchant (P12). */
function refusalBefore({ category, level }: Item, { inquiry, rulebook }: Judging): Refusal | undefined {
  const covering = inquiry.tokenDetails.filter(
    (detail) =>
      detail.purposes.includes(inquiry.purpose) &&
      detail.datatypes.includes(category) &&
      (detail.merchants === undefined || detail.merchants.includes(inquiry.merchant)),
  );
  if (covering.length === 0) return { code: "SCOPE_NOT_AUTHORIZED", rule: "token.details" };
  if (!covering.some((detail) => reaches(detail, level)))
    return { code: "SCOPE_NOT_AUTHORIZED", rule: "token.privileges" };
  const ceiling = rulebook.ceilings[inquiry.purpose];
  if (ceiling.frequencyMax.count === 0) return { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.purpose" };
  if (!ceiling.categories.includes(category))
    return { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.category" };
  return level === "RECORDS" && !ceiling.records.includes(category)
    ? { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.level" }
    : undefined;
}

/** RFC 9396 section 2.2: `privileges` names the level; RECORDS includes SUMMARY. */
function reaches({ privileges = ["SUMMARY"] }: ProfileDetail, level: Level): boolean {
  return privileges.includes("RECORDS") || privileges.includes(level);
}

/** A consent at the instant of the decision. */
interface Judged {
  readonly consent: LedgerConsent;
  readonly terms: TermsInForce;
  readonly state: ConsentState;
  /** What refuses under this consent whichever category is asked. */
  readonly refusal: Refusal | undefined;
}

function judge(consent: LedgerConsent, judging: Judging): Judged {
  const terms = termsInForce(consent, judging.now);
  const state = stateOf(consent, judging.now);
  const refusal = state === "ACTIVE" ? refusalOf(consent, terms, judging) : STATE_REFUSALS[state];
  return { consent, terms, state, refusal };
}

function refusalOf(
  consent: LedgerConsent,
  { purpose, startsAt, stage }: TermsInForce,
  { inquiry, rulebook, now }: Judging,
): Refusal | undefined {
  if (purpose !== inquiry.purpose) return { code: "PURPOSE_NOT_CONSENTED", rule: "consent.purpose" };
  if (stage === "POST_LOAN" && !rulebook.ceilings[consent.terms.purpose].hasLoanStages)
    return { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.loan" };
  const lifeMs = rulebook.ceilings[purpose].lifeDaysMax * DAY_MS;
  const outlived = !(now.getTime() < startsAt.getTime() + lifeMs);
  return outlived ? { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.life" } : undefined;
}

function refusalBy(judged: Judged | undefined, { category, level }: Item): Refusal | undefined {
  if (judged === undefined) return { code: "CONSENT_REQUIRED", rule: "consent.required" };
  if (judged.refusal !== undefined) return judged.refusal;
  const { categories, records } = judged.terms;
  if (!categories.includes(category)) return { code: "SCOPE_NOT_CONSENTED", rule: "consent.category" };
  return level === "RECORDS" && !records.includes(category)
    ? { code: "LEVEL_NOT_CONSENTED", rule: "consent.level" }
    : undefined;
}

function explain(
  verdicts: readonly Verdict[],
  merchant: string,
  rulebook: Rulebook,
): Pick<ConsentDecision, "withheld" | "rules"> {
  const cite = (rule: RuleId): string => articleOf(rulebook, rule, merchant);
  return {
    withheld: verdicts.flatMap(({ category, level, refusal }) =>
      refusal === undefined
        ? []
        : [
            {
              category,
              level,
              ...refusal,
              article: cite(refusal.rule),
              fix: rulebook.rules[refusal.rule].fix,
            },
          ],
    ),
    rules: verdicts.map(({ category, level, refusal }) => ({
      category,
      level,
      allowed: refusal === undefined,
      code: refusal?.code ?? "OK",
      rule: refusal?.rule ?? GRANTED,
      article: cite(refusal?.rule ?? GRANTED),
    })),
  };
}

function best(newestFirst: readonly Judged[], open: readonly Item[], purpose: Purpose): Judged | undefined {
  // Grants count first, figures before records; then, to tell the nearest reason: the same purpose, and how far the
  // judgement came. There are fewer categories than 16.
  const rank = (judged: Judged): number => {
    const opens = open.filter((item) => refusalBy(judged, item) === undefined);
    const figures = opens.filter(({ level }) => level === "SUMMARY").length;
    const samePurpose = judged.terms.purpose === purpose ? 2 : 0;
    const isActive = judged.state === "ACTIVE" ? 1 : 0;
    return (figures * 16 + opens.length - figures) * 4 + samePurpose + isActive;
  };
  let chosen: { judged: Judged; rank: number } | undefined;
  for (const judged of newestFirst) {
    const own = rank(judged);
    if (chosen === undefined || own > chosen.rank) chosen = { judged, rank: own };
  }
  return chosen?.judged;
}

function opened(
  { consent, terms }: Judged,
  rulebook: Rulebook,
  now: Date,
): Pick<ConsentDecision, "months" | "accounts"> {
  const { accounts } = consent.terms;
  const months = openedMonths(terms, rulebook, now);
  return accounts === undefined ? { months } : { months, accounts };
}
