import { CATEGORIES, type Category, type Level, LEVELS } from "../../schema/categories.js";
import { PROFILE_DETAIL_TYPE, type ProfileDetail } from "../../schema/claims.js";
import type { AskedConsent, AskedTerms } from "../../schema/ports.js";
import { FREQUENCY_PERIODS, type Purpose, PURPOSES } from "../../schema/purposes.js";
import { isUscc } from "../../schema/uscc.js";

/** Why a detail is refused, for the client's developer: names of members, never values of ours. */
export class DetailProblem extends Error {}

const MERCHANTS_MAX = 100;
const ACCESS_MEMBERS = new Set(["type", "merchants", "purposes", "datatypes", "privileges"]);
const CONSENT_MEMBERS = new Set([...ACCESS_MEMBERS, "lookback_months", "expires_at", "frequency"]);
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/**
 * Reads what a token is asked to open. A member that is not known refuses the detail: what is not understood would not
 * be enforced (RFC 9396 section 5). @throws DetailProblem
 */
export function readAccessDetail(value: unknown): ProfileDetail {
  const detail = readMembers(value, ACCESS_MEMBERS);
  const merchants = detail["merchants"] === undefined ? undefined : readMerchants(detail["merchants"]);
  const privileges =
    detail["privileges"] === undefined ? undefined : wordsOf<Level>(detail, "privileges", LEVELS);
  return {
    type: PROFILE_DETAIL_TYPE,
    purposes: wordsOf<Purpose>(detail, "purposes", PURPOSES),
    datatypes: wordsOf<Category>(detail, "datatypes", CATEGORIES),
    ...(merchants === undefined ? {} : { merchants }),
    ...(privileges === undefined ? {} : { privileges }),
  };
}

/**
 * Reads the consent that a bank asks for: one merchant, one purpose, and terms that a person can judge.
 * @throws DetailProblem
 */
export function readConsentDetail(value: unknown, bank: string): AskedConsent {
  const detail = readMembers(value, CONSENT_MEMBERS);
  const merchants = readMerchants(detail["merchants"]);
  const purposes = wordsOf<Purpose>(detail, "purposes", PURPOSES);
  const [merchant] = merchants;
  const [purpose] = purposes;
  if (merchant === undefined || merchants.length !== 1)
    throw new DetailProblem("merchants must name exactly one merchant: each consents for itself");
  if (purpose === undefined || purposes.length !== 1)
    throw new DetailProblem("purposes must name exactly one purpose: each is consented to by itself");
  const categories = wordsOf<Category>(detail, "datatypes", CATEGORIES);
  const privileges = detail["privileges"] === undefined ? [] : wordsOf<Level>(detail, "privileges", LEVELS);
  return {
    merchant,
    bank,
    purpose,
    terms: {
      categories,
      records: privileges.includes("RECORDS") ? categories : [],
      lookbackMonths: countOf(detail["lookback_months"], "lookback_months", 120),
      expiresAt: instantOf(detail["expires_at"]),
      frequency: frequencyOf(detail["frequency"]),
    },
  };
}

/**
 * One consent out of its details: summaries and records may stand apart, everything else must agree.
 * @throws DetailProblem
 */
export function joinConsents(details: readonly unknown[], bank: string): AskedConsent {
  const [first, second, ...others] = details.map((detail) => readConsentDetail(detail, bank));
  if (first === undefined || others.length > 0)
    throw new DetailProblem(
      "one request asks for one consent: one detail, or two for summaries and for records",
    );
  if (second === undefined) return first;
  const sameKey = ({
    terms: { categories: _categories, records: _records, ...same },
    ...rest
  }: AskedConsent): string => JSON.stringify([rest, same]);
  if (sameKey(first) !== sameKey(second))
    throw new DetailProblem(
      "one request asks for one consent: details may differ in datatypes and privileges only",
    );
  const categories = [...first.terms.categories, ...second.terms.categories];
  if (new Set(categories).size !== categories.length) throw new DetailProblem("datatypes names one twice");
  const records = [...first.terms.records, ...second.terms.records];
  return { ...first, terms: { ...first.terms, categories, records } };
}

/** True when everything that `part` opens is opened by one of `whole`. */
export function isWithin(part: ProfileDetail, whole: readonly ProfileDetail[]): boolean {
  return whole.some(
    (detail) =>
      part.purposes.every((purpose) => detail.purposes.includes(purpose)) &&
      part.datatypes.every((category) => detail.datatypes.includes(category)) &&
      (part.privileges ?? []).every((level) => level === "SUMMARY" || detail.privileges?.includes(level)) &&
      (detail.merchants === undefined ||
        (part.merchants ?? [""]).every((merchant) => detail.merchants?.includes(merchant))),
  );
}

/** What a consent opens, as the details of a token: categories whose records may be read stand apart from the others. */
export function detailsOf(
  merchant: string,
  purpose: Purpose,
  granted: Pick<AskedTerms, "categories" | "records">,
): readonly ProfileDetail[] {
  const same = { type: PROFILE_DETAIL_TYPE, merchants: [merchant], purposes: [purpose] } as const;
  const summaries = granted.categories.filter((category) => !granted.records.includes(category));
  const records = granted.categories.filter((category) => granted.records.includes(category));
  return [
    ...(summaries.length === 0 ? [] : [{ ...same, datatypes: summaries }]),
    ...(records.length === 0 ? [] : [{ ...same, datatypes: records, privileges: LEVELS }]),
  ];
}

function readMembers(value: unknown, known: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DetailProblem("a detail must be an object");
  const stranger = Object.keys(value).find((member) => !known.has(member));
  if (stranger !== undefined)
    throw new DetailProblem(`unknown member ${JSON.stringify(stranger.slice(0, 40))}`);
  const detail = value as Readonly<Record<string, unknown>>;
  if (detail["type"] !== PROFILE_DETAIL_TYPE) throw new DetailProblem(`type must be ${PROFILE_DETAIL_TYPE}`);
  return detail;
}

function readMerchants(value: unknown): readonly string[] {
  const isList = Array.isArray(value) && value.length >= 1 && value.length <= MERCHANTS_MAX;
  if (!isList || !value.every((item): item is string => typeof item === "string" && isUscc(item)))
    throw new DetailProblem(`merchants must be 1 to ${MERCHANTS_MAX} unified social credit codes`);
  if (new Set(value).size !== value.length) throw new DetailProblem("merchants names one twice");
  return value;
}

function wordsOf<T extends string>(
  detail: Readonly<Record<string, unknown>>,
  member: string,
  known: readonly T[],
): readonly T[] {
  const value = detail[member];
  if (!Array.isArray(value) || value.length === 0)
    throw new DetailProblem(`${member} must be a list of ${known.join(", ")}`);
  if (!value.every((item): item is T => (known as readonly unknown[]).includes(item)))
    throw new DetailProblem(`${member} holds something else than ${known.join(", ")}`);
  if (new Set(value).size !== value.length) throw new DetailProblem(`${member} names one twice`);
  return value;
}

function countOf(value: unknown, member: string, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > max)
    throw new DetailProblem(`${member} must be a whole number from 1 to ${max}`);
  return value;
}

function instantOf(value: unknown): string {
  const at = typeof value === "string" && INSTANT.test(value) ? new Date(value) : undefined;
  if (at === undefined || Number.isNaN(at.getTime()))
    throw new DetailProblem("expires_at must be an RFC 3339 instant");
  return at.toISOString();
}

function frequencyOf(value: unknown): AskedTerms["frequency"] {
  const { count, period, ...others } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const known = FREQUENCY_PERIODS.find((word) => word === period);
  if (known === undefined || Object.keys(others).length > 0)
    throw new DetailProblem(
      `frequency must be {count, period} with a period of ${FREQUENCY_PERIODS.join(", ")}`,
    );
  return { count: countOf(count, "frequency.count", 100_000), period: known };
}
