import type { Asker, GivenConsent } from "../world.js";

/** One bank's question about one merchant, as the model read it out of the operation. */
export interface ModelQuestion {
  readonly merchant: string;
  readonly purpose: string;
  readonly reference: string;
  /** In the order in which the operation first touches them. */
  readonly asked: readonly string[];
}

/** What the model says of one question. */
export interface Verdict {
  readonly decision: "GRANTED" | "PART_GRANTED" | "REFUSED";
  /** Terms that hold for this merchant: `consent:REVIEWS` for a granted category. */
  readonly holds: ReadonlySet<string>;
  /** In the order asked. */
  readonly withheld: readonly { readonly category: string; readonly code: string }[];
  readonly consent: GivenConsent | undefined;
}

/** Categories that a purpose needs; each purpose of the test, in our own words and not from the rulebook. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  PRE_LOAN_ASSESSMENT:
    "IDENTITY TRANSACTIONS SETTLEMENTS LOGISTICS REVIEWS SOCIAL FINANCING ASSESSMENT".split(" "),
  CREDIT_LIMIT_REVIEW:
    "IDENTITY TRANSACTIONS SETTLEMENTS LOGISTICS REVIEWS SOCIAL FINANCING ASSESSMENT".split(" "),
  FRAUD_PREVENTION: ["IDENTITY", "TRANSACTIONS", "LOGISTICS", "REVIEWS"],
  COLLECTION: ["IDENTITY", "FINANCING"],
};

/** Longest lives in days; the generator's `outlived` consent is 400 days old and outlives each of them. */
const OUTLIVES = new Set(["outlived"]);

/** A second, slow opinion on one question: every consent is judged for every category, then the best is taken. */
export function judge(consents: readonly GivenConsent[], asker: Asker, question: ModelQuestion): Verdict {
  const early = new Map<string, string>();
  for (const category of question.asked) {
    const code = refusedBeforeConsent(asker, question, category);
    if (code !== undefined) early.set(category, code);
  }
  const open = question.asked.filter((category) => !early.has(category));
  const ofPair = consents.filter(({ bank, merchant }) => bank === asker.id && merchant === question.merchant);
  const consent = open.length === 0 ? undefined : nearest(ofPair, question, open);
  const codes = question.asked.map((category) => ({
    category,
    code:
      early.get(category) ??
      (consent === undefined ? "CONSENT_REQUIRED" : codeUnder(consent, question, category)),
  }));
  const granted = codes.filter(({ code }) => code === "OK").map(({ category }) => category);
  return {
    decision: granted.length === 0 ? "REFUSED" : granted.length === codes.length ? "GRANTED" : "PART_GRANTED",
    holds: new Set(granted.map((category) => `consent:${category}`)),
    withheld: codes.filter(({ code }) => code !== "OK"),
    consent,
  };
}

/** A merchant's own file is open to itself, whole. */
export function judgeOwn(asked: readonly string[]): Verdict {
  const terms = asked.flatMap((category) => [`consent:${category}`, `records:${category}`]);
  return { decision: "GRANTED", holds: new Set(terms), withheld: [], consent: undefined };
}

function refusedBeforeConsent(asker: Asker, question: ModelQuestion, category: string): string | undefined {
  const lacks = (listed: readonly string[] | undefined, wanted: string) =>
    listed !== undefined && !listed.includes(wanted);
  if (
    lacks(asker.purposes, question.purpose) ||
    lacks(asker.categories, category) ||
    lacks(asker.merchants, question.merchant)
  )
    return "SCOPE_NOT_AUTHORIZED";
  return NEEDED[question.purpose]?.includes(category) === true ? undefined : "PURPOSE_CEILING_EXCEEDED";
}

function codeUnder(consent: GivenConsent, question: ModelQuestion, category: string): string {
  const state = stateCode(consent);
  if (state !== "OK") return state;
  if (consent.purpose !== question.purpose) return "PURPOSE_NOT_CONSENTED";
  if (OUTLIVES.has(consent.life)) return "PURPOSE_CEILING_EXCEEDED";
  return (consent.categories as readonly string[]).includes(category) ? "OK" : "SCOPE_NOT_CONSENTED";
}

function stateCode({ events, life, used, agreed }: GivenConsent): string {
  if (events.includes("REVOKED") || events.includes("SUPERSEDED")) return "CONSENT_REVOKED";
  if (life === "expired" || life === "ends-now") return "CONSENT_EXPIRED";
  if (life === "scheduled") return "CONSENT_NOT_YET_ACTIVE";
  if (events.at(-1) === "PAUSED") return "CONSENT_PAUSED";
  return used >= agreed ? "CONSENT_EXHAUSTED" : "OK";
}

/** Most granted first; then same purpose, then alive, then the newest. */
function nearest(
  ofPair: readonly GivenConsent[],
  question: ModelQuestion,
  open: readonly string[],
): GivenConsent | undefined {
  const marks = (consent: GivenConsent): readonly number[] => [
    open.filter((category) => codeUnder(consent, question, category) === "OK").length,
    consent.purpose === question.purpose ? 1 : 0,
    stateCode(consent) === "OK" ? 1 : 0,
    consent.age,
  ];
  return ofPair.toSorted((a, b) => {
    const [of, against] = [marks(a), marks(b)];
    const first = of.findIndex((mark, i) => mark !== against[i]);
    return first === -1 ? 0 : (against[first] ?? 0) - (of[first] ?? 0);
  })[0];
}
