import { LOAN_MONTHS, type Asker, type GivenConsent } from "../world.js";

/** How closely something is read: figures, or the single records as well. */
export type Level = "SUMMARY" | "RECORDS";

/** One bank's question about one merchant, as the model read it out of the operation. */
export interface ModelQuestion {
  readonly merchant: string;
  readonly purpose: string;
  readonly reference: string;
  /** In the order in which the operation first touches them. */
  readonly asked: readonly string[];
  /** Of `asked`: those whose single records are touched, in that order. */
  readonly askedRecords: readonly string[];
}

export interface WithheldItem {
  readonly category: string;
  readonly level: Level;
  readonly code: string;
}

/** What the model says of one question. */
export interface Verdict {
  readonly decision: "GRANTED" | "PART_GRANTED" | "REFUSED";
  /** Terms that hold for this merchant: `consent:REVIEWS` for a category, `records:REVIEWS` for its records. */
  readonly holds: ReadonlySet<string>;
  /** Figures first, then records; each in the order asked. */
  readonly withheld: readonly WithheldItem[];
  readonly consent: GivenConsent | undefined;
  /** The consent's terms as they stand. */
  readonly inForce: InForce | undefined;
}

/** What a purpose may open: categories, records, months back; in our own words and not from the rulebook. */
interface Ceiling {
  readonly categories: readonly string[];
  readonly records: readonly string[];
  readonly monthsMax: number;
}

const ALL = "IDENTITY TRANSACTIONS SETTLEMENTS LOGISTICS REVIEWS SOCIAL FINANCING ASSESSMENT".split(" ");
const FRAUD = ["TRANSACTIONS", "LOGISTICS", "REVIEWS"];

const CEILINGS: Readonly<Record<string, Ceiling>> = {
  PRE_LOAN_ASSESSMENT: {
    categories: ALL,
    records: ["TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "FINANCING"],
    monthsMax: 36,
  },
  CREDIT_LIMIT_REVIEW: { categories: ALL, records: [], monthsMax: 24 },
  POST_LOAN_MONITORING: { categories: ALL, records: ["SETTLEMENTS"], monthsMax: 12 },
  FRAUD_PREVENTION: { categories: ["IDENTITY", ...FRAUD], records: FRAUD, monthsMax: 12 },
  COLLECTION: { categories: ["IDENTITY", "FINANCING"], records: [], monthsMax: 12 },
};

interface Item {
  readonly category: string;
  readonly level: Level;
}

/** A second, slow opinion on one question: every consent is judged for every item, then the best is taken. */
export function judge(consents: readonly GivenConsent[], asker: Asker, question: ModelQuestion): Verdict {
  const items: readonly Item[] = [
    ...question.asked.map((category) => ({ category, level: "SUMMARY" as const })),
    ...question.askedRecords.map((category) => ({ category, level: "RECORDS" as const })),
  ];
  const open = items.filter((item) => refusedBeforeConsent(asker, question, item) === undefined);
  const ofPair = consents.filter(({ bank, merchant }) => bank === asker.id && merchant === question.merchant);
  const consent = open.length === 0 ? undefined : nearest(ofPair, question, open);
  const inForce = consent === undefined ? undefined : termsOf(consent);
  const codes = items.map((item) => ({
    ...item,
    code:
      refusedBeforeConsent(asker, question, item) ??
      (consent === undefined ? "CONSENT_REQUIRED" : codeUnder(consent, question, item)),
  }));
  const granted = codes.filter(({ code }) => code === "OK");
  const isOpen = granted.some(({ level }) => level === "SUMMARY");
  return {
    decision: !isOpen ? "REFUSED" : granted.length === codes.length ? "GRANTED" : "PART_GRANTED",
    holds: new Set(granted.map(termOf)),
    withheld: codes.filter(({ code }) => code !== "OK"),
    consent,
    inForce,
  };
}

/** A merchant's own file is open to itself, whole. */
export function judgeOwn({ asked, askedRecords }: ModelQuestion): Verdict {
  const terms = [
    ...asked.map((category) => termOf({ category, level: "SUMMARY" })),
    ...askedRecords.map((category) => termOf({ category, level: "RECORDS" })),
  ];
  const none = { withheld: [], consent: undefined, inForce: undefined };
  return { decision: "GRANTED", holds: new Set(terms), ...none };
}

/** The term of a rule that such an item makes hold. */
export function termOf({ category, level }: Item): string {
  return `${level === "RECORDS" ? "records" : "consent"}:${category}`;
}

/** Calendar months that a question opens under terms. */
export function monthsOf({ lookbackMonths }: InForce, purpose: string): number {
  return Math.min(lookbackMonths, CEILINGS[purpose]?.monthsMax ?? 0);
}

function refusedBeforeConsent(asker: Asker, question: ModelQuestion, item: Item): string | undefined {
  const lacks = (listed: readonly string[] | undefined, wanted: string) =>
    listed !== undefined && !listed.includes(wanted);
  const privileges: readonly Level[] = asker.privileges ?? ["SUMMARY"];
  if (
    lacks(asker.purposes, question.purpose) ||
    lacks(asker.categories, item.category) ||
    lacks(asker.merchants, question.merchant) ||
    (item.level === "RECORDS" && !privileges.includes("RECORDS"))
  )
    return "SCOPE_NOT_AUTHORIZED";
  const ceiling = CEILINGS[question.purpose];
  const allowed = item.level === "RECORDS" ? ceiling?.records : ceiling?.categories;
  const isAllowed = ceiling?.categories.includes(item.category) === true && allowed?.includes(item.category);
  return isAllowed === true ? undefined : "PURPOSE_CEILING_EXCEEDED";
}

/** A consent's terms as they stand: its own, or those of the loan that was disbursed under it. */
export interface InForce {
  readonly stage: "PRE_LOAN" | "POST_LOAN" | null;
  readonly purpose: string;
  readonly categories: readonly string[];
  readonly records: readonly string[];
  readonly lookbackMonths: number;
  readonly life: GivenConsent["life"];
}

/** A loan can be disbursed only while its consent lives; from then on another clock runs. */
const DISBURSABLE: ReadonlySet<GivenConsent["life"]> = new Set(["current", "ends-now", "outlived"]);

function termsOf(consent: GivenConsent): InForce {
  const { loan, life, signing, purpose, categories, records, lookbackMonths } = consent;
  if (loan?.isDisbursed !== true || signing === "awaiting" || !DISBURSABLE.has(life))
    return {
      stage: loan === undefined ? null : "PRE_LOAN",
      purpose,
      categories,
      records,
      lookbackMonths,
      life,
    };
  return {
    stage: "POST_LOAN",
    purpose: "POST_LOAN_MONITORING",
    categories: loan.categories,
    records: loan.records,
    lookbackMonths: LOAN_MONTHS,
    life: "current",
  };
}

function codeUnder(consent: GivenConsent, question: ModelQuestion, { category, level }: Item): string {
  const state = stateCode(consent);
  if (state !== "OK") return state;
  const { purpose, life, categories, records } = termsOf(consent);
  if (purpose !== question.purpose) return "PURPOSE_NOT_CONSENTED";
  if (life === "outlived") return "PURPOSE_CEILING_EXCEEDED";
  if (!categories.includes(category)) return "SCOPE_NOT_CONSENTED";
  return level === "RECORDS" && !records.includes(category) ? "LEVEL_NOT_CONSENTED" : "OK";
}

function stateCode(consent: GivenConsent): string {
  const { events, signing, used, agreed } = consent;
  const { life } = termsOf(consent);
  if (events.includes("REVOKED") || events.includes("SUPERSEDED")) return "CONSENT_REVOKED";
  if (events.includes("TERMINATED")) return "CONSENT_TERMINATED";
  if (events.includes("CLOSED")) return "CONSENT_CLOSED";
  if (life === "expired" || life === "ends-now") return "CONSENT_EXPIRED";
  if (signing === "awaiting") return "CONSENT_AWAITING_SIGNATORIES";
  if (life === "scheduled") return "CONSENT_NOT_YET_ACTIVE";
  if (events.at(-1) === "PAUSED") return "CONSENT_PAUSED";
  return used >= agreed ? "CONSENT_EXHAUSTED" : "OK";
}

/** Most figures first, then most records; then same purpose, then alive, then the newest. */
function nearest(
  ofPair: readonly GivenConsent[],
  question: ModelQuestion,
  open: readonly Item[],
): GivenConsent | undefined {
  const opens = (consent: GivenConsent, level: Level) =>
    open.filter((item) => item.level === level && codeUnder(consent, question, item) === "OK").length;
  const marks = (consent: GivenConsent): readonly number[] => [
    opens(consent, "SUMMARY"),
    opens(consent, "RECORDS"),
    termsOf(consent).purpose === question.purpose ? 1 : 0,
    stateCode(consent) === "OK" ? 1 : 0,
    consent.age,
  ];
  return ofPair.toSorted((a, b) => {
    const [of, against] = [marks(a), marks(b)];
    const first = of.findIndex((mark, i) => mark !== against[i]);
    return first === -1 ? 0 : (against[first] ?? 0) - (of[first] ?? 0);
  })[0];
}
