import type { Category } from "./categories.js";
import type { MonthRange, ProfileDetail } from "./claims.js";
import type { ConsentEvent, ConsentState, ConsentTerms, LedgerConsent } from "./consent-terms.js";
import type { ErrorCode } from "./errors.js";
import type { RuleDecision } from "./ports.js";
import type { Purpose } from "./purposes.js";
import { articleOf, type Rulebook, type RuleId } from "./rulebook.js";

const DAY_MS = 86_400_000;
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** One bank's question about one merchant. */
export interface ConsentInquiry {
  readonly bank: string;
  readonly merchant: string;
  readonly purpose: Purpose;
  /** Asked; repetitions count once. */
  readonly categories: readonly Category[];
  /** The `authorization_details` of the access token. */
  readonly tokenDetails: readonly ProfileDetail[];
}

/** A category that was asked for and does not leave, and what that rests on. */
export interface WithheldCategory {
  readonly category: Category;
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
  /** In the order asked. */
  readonly granted: readonly Category[];
  readonly withheld: readonly WithheldCategory[];
  /** The months that the consent opens; absent when nothing is granted, and for the merchant's own file (every month). */
  readonly months?: MonthRange;
  /** One per category asked, in the order asked. */
  readonly rules: readonly RuleDecision[];
}

/** A rule that refuses, with the code that the bank is told. */
interface Refusal {
  readonly code: ErrorCode;
  readonly rule: RuleId;
}

const GRANTED: RuleId = "consent.granted";

/**
 * Decides one inquiry. The only place where consent is decided; pure, and the order of judgement is fixed:
 * 1. the token's details cover merchant, purpose and category (SCOPE_NOT_AUTHORIZED);
 * 2. the rulebook's ceilings for the purpose (PURPOSE_CEILING_EXCEEDED);
 * 3. a consent of this merchant for this bank exists (CONSENT_REQUIRED; an unknown merchant answers alike);
 * 4. its state at `now`, `startsAt <= now < expiresAt` to the millisecond (CONSENT_NOT_YET_ACTIVE, _PAUSED, _REVOKED,
 *    _EXPIRED, _EXHAUSTED);
 * 5. its purpose (PURPOSE_NOT_CONSENTED); 6. its categories (SCOPE_NOT_CONSENTED).
 * The first that fails is the answer for the category. Of several consents the one that grants most decides, the newest
 * among equals; two are never added up. Where none grants, the one for the same purpose that came furthest is told.
 * The order in which consents are given does not matter. `now` is the ledger's clock.
 */
export function decide(
  consents: readonly LedgerConsent[],
  inquiry: ConsentInquiry,
  rulebook: Rulebook,
  now: Date,
): ConsentDecision {
  const asked = [...new Set(inquiry.categories)];
  const before = new Map(asked.map((category) => [category, refusalBefore(inquiry, category, rulebook)]));
  const open = asked.filter((category) => before.get(category) === undefined);
  const candidate =
    open.length === 0
      ? undefined
      : best(candidates(consents, inquiry, now), { inquiry, open, rulebook, now });
  const verdicts = asked.map((category) => {
    const refusal = before.get(category) ?? refusalBy(candidate, category, { inquiry, rulebook, now });
    return { category, refusal };
  });
  const granted = verdicts.filter(({ refusal }) => refusal === undefined).map(({ category }) => category);
  const cite = (rule: RuleId): string => articleOf(rulebook, rule, inquiry.merchant);
  return {
    decision: granted.length === 0 ? "REFUSED" : granted.length === asked.length ? "GRANTED" : "PART_GRANTED",
    granted,
    withheld: verdicts.flatMap(({ category, refusal }) =>
      refusal === undefined
        ? []
        : [{ category, ...refusal, article: cite(refusal.rule), fix: rulebook.rules[refusal.rule].fix }],
    ),
    rules: verdicts.map(({ category, refusal }) => ({
      category,
      allowed: refusal === undefined,
      code: refusal?.code ?? "OK",
      rule: refusal?.rule ?? GRANTED,
      article: cite(refusal?.rule ?? GRANTED),
    })),
    ...(candidate === undefined ? {} : { consent: candidate }),
    ...(candidate === undefined || granted.length === 0
      ? {}
      : { months: openedMonths(candidate.terms, rulebook, now) }),
  };
}

/**
 * A merchant reads its own file: every category, every month, at any time (征信业管理条例 第十七条). Whether the asker is
 * that merchant is for the caller to know.
 */
export function decideOwn(categories: readonly Category[], rulebook: Rulebook): ConsentDecision {
  const granted = [...new Set(categories)];
  const article = rulebook.rules["own.file"].article.INDIVIDUAL;
  return {
    decision: granted.length === 0 ? "REFUSED" : "GRANTED",
    granted,
    withheld: [],
    rules: granted.map((category) => ({ category, allowed: true, code: "OK", rule: "own.file", article })),
  };
}

/**
 * A consent's state at an instant, from its events and the clock alone. Final states win over all others; events after
 * `now` have not happened yet, so that a past decision can be rebuilt.
 */
export function stateOf(consent: LedgerConsent, now: Date): ConsentState {
  const kinds = happened(consent, now).map(({ kind }) => kind);
  if (kinds.includes("REVOKED")) return "REVOKED";
  if (kinds.includes("SUPERSEDED")) return "SUPERSEDED";
  const { startsAt, expiresAt, frequency } = consent.terms;
  // `!(a < b)` and not `a >= b`, here and below: an instant that cannot be read closes the consent.
  if (!(now.getTime() < Date.parse(expiresAt))) return "EXPIRED";
  if (!(now.getTime() >= Date.parse(startsAt))) return "SCHEDULED";
  if (kinds.findLast((kind) => kind === "PAUSED" || kind === "RESUMED") === "PAUSED") return "PAUSED";
  return consent.used < frequency.count ? "ACTIVE" : "EXHAUSTED";
}

const STATE_REFUSALS: Readonly<Record<Exclude<ConsentState, "ACTIVE">, Refusal>> = {
  SCHEDULED: { code: "CONSENT_NOT_YET_ACTIVE", rule: "consent.started" },
  PAUSED: { code: "CONSENT_PAUSED", rule: "consent.paused" },
  REVOKED: { code: "CONSENT_REVOKED", rule: "consent.revoked" },
  SUPERSEDED: { code: "CONSENT_REVOKED", rule: "consent.superseded" },
  EXPIRED: { code: "CONSENT_EXPIRED", rule: "consent.expired" },
  EXHAUSTED: { code: "CONSENT_EXHAUSTED", rule: "consent.frequency" },
};

interface Judging {
  readonly inquiry: ConsentInquiry;
  readonly rulebook: Rulebook;
  readonly now: Date;
}

/** What refuses whoever the merchant is and whatever it consented to; it tells nothing of the merchant (P12). */
function refusalBefore(inquiry: ConsentInquiry, category: Category, rulebook: Rulebook): Refusal | undefined {
  const covered = inquiry.tokenDetails.some(
    (detail) =>
      detail.purposes.includes(inquiry.purpose) &&
      detail.datatypes.includes(category) &&
      (detail.merchants === undefined || detail.merchants.includes(inquiry.merchant)),
  );
  if (!covered) return { code: "SCOPE_NOT_AUTHORIZED", rule: "token.details" };
  const ceiling = rulebook.ceilings[inquiry.purpose];
  if (ceiling.frequencyMax.count === 0) return { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.purpose" };
  if (!ceiling.categories.includes(category))
    return { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.category" };
  return undefined;
}

function refusalBy(
  consent: LedgerConsent | undefined,
  category: Category,
  judging: Judging,
): Refusal | undefined {
  if (consent === undefined) return { code: "CONSENT_REQUIRED", rule: "consent.required" };
  const refusal = refusalOf(consent, judging);
  if (refusal !== undefined) return refusal;
  return consent.terms.categories.includes(category)
    ? undefined
    : { code: "SCOPE_NOT_CONSENTED", rule: "consent.category" };
}

/** What refuses under this consent whichever category is asked. */
function refusalOf(consent: LedgerConsent, { inquiry, rulebook, now }: Judging): Refusal | undefined {
  const state = stateOf(consent, now);
  if (state !== "ACTIVE") return STATE_REFUSALS[state];
  if (consent.terms.purpose !== inquiry.purpose)
    return { code: "PURPOSE_NOT_CONSENTED", rule: "consent.purpose" };
  const lifeMs = rulebook.ceilings[inquiry.purpose].lifeDaysMax * DAY_MS;
  const outlived = !(now.getTime() < Date.parse(consent.terms.startsAt) + lifeMs);
  return outlived ? { code: "PURPOSE_CEILING_EXCEEDED", rule: "ceiling.life" } : undefined;
}

/** The consents of this pair that existed at `now`, newest first. */
function candidates(
  consents: readonly LedgerConsent[],
  inquiry: ConsentInquiry,
  now: Date,
): readonly LedgerConsent[] {
  return consents
    .filter(({ terms }) => terms.bank === inquiry.bank && terms.merchant === inquiry.merchant)
    .filter((consent) => happened(consent, now).some(({ kind }) => kind === "GRANTED"))
    .toSorted(
      (a, b) =>
        grantedAt(b) - grantedAt(a) ||
        b.terms.version - a.terms.version ||
        compare(b.terms.consentId, a.terms.consentId),
    );
}

function best(
  newestFirst: readonly LedgerConsent[],
  { open, ...judging }: Judging & { readonly open: readonly Category[] },
): LedgerConsent | undefined {
  // Grants count first; then, to tell the nearest reason: the same purpose, and how far the judgement came.
  const rank = (consent: LedgerConsent): number => {
    const opens = open.filter((category) => refusalBy(consent, category, judging) === undefined).length;
    const samePurpose = consent.terms.purpose === judging.inquiry.purpose ? 2 : 0;
    return opens * 4 + samePurpose + (stateOf(consent, judging.now) === "ACTIVE" ? 1 : 0);
  };
  let chosen: { consent: LedgerConsent; rank: number } | undefined;
  for (const consent of newestFirst) {
    const own = rank(consent);
    if (chosen === undefined || own > chosen.rank) chosen = { consent, rank: own };
  }
  return chosen?.consent;
}

function happened(consent: LedgerConsent, now: Date): readonly ConsentEvent[] {
  return consent.events.filter(({ at }) => !(at.getTime() > now.getTime()));
}

function grantedAt(consent: LedgerConsent): number {
  return consent.events.find(({ kind }) => kind === "GRANTED")?.at.getTime() ?? 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The months back from `now` in Asia/Shanghai (no daylight saving), the current one included; never past the ceiling. */
function openedMonths(terms: ConsentTerms, rulebook: Rulebook, now: Date): MonthRange {
  const back = Math.min(terms.lookbackMonths, rulebook.ceilings[terms.purpose].lookbackMonthsMax);
  const local = new Date(now.getTime() + SHANGHAI_OFFSET_MS);
  const next = local.getUTCFullYear() * 12 + local.getUTCMonth() + 1;
  return { from: monthText(next - back), until: monthText(next) };
}

function monthText(index: number): string {
  return `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}`;
}
