import type { Category } from "../../../schema/categories.js";
import type { PlatformAccount } from "../../../schema/claims.js";
import type { AgreedLoanTerms, ConsentTerms, Frequency } from "../../../schema/consent-terms.js";
import { usesAtMost } from "../../../schema/rulebook.js";
import { refuseArgument } from "../agree-terms.js";
import type { RequestedTerms } from "./request-store.js";

/** What a merchant changes in a request when it approves; absent leaves it as asked. */
export interface Narrowing {
  readonly categories?: readonly Category[] | undefined;
  readonly records?: readonly Category[] | undefined;
  readonly accounts?: readonly PlatformAccount[] | undefined;
  readonly lookbackMonths?: number | undefined;
  readonly expiresAt?: string | undefined;
  readonly frequency?: Frequency | undefined;
  readonly loan?: AgreedLoanTerms | undefined;
  /** The consent ends with the assessment: no monitoring follows a disbursal. */
  readonly withoutLoan?: boolean | undefined;
}

/**
 * What was asked, with what the merchant took away. Whoever takes a category away takes its records and its monitoring
 * with it.
 * @throws BAD_USER_INPUT when anything is wider than asked
 */
export function narrowRequest(asked: RequestedTerms, narrowing: Narrowing): RequestedTerms {
  const { expiresAt } = narrowing;
  const part = narrowPart("", asked, narrowing);
  if (expiresAt !== undefined && !(Date.parse(expiresAt) <= Date.parse(asked.expiresAt)))
    throw refuseArgument("expiresAt", `expiresAt must not be after ${asked.expiresAt}, as asked`);
  const accounts = narrowAccounts(asked.accounts, narrowing.accounts);
  const loan = narrowLoan(asked.loan, narrowing, part);
  return {
    ...part,
    ...(accounts === undefined ? {} : { accounts }),
    expiresAt: expiresAt ?? asked.expiresAt,
    ...(loan === undefined ? {} : { loan }),
  };
}

/** True where nothing was changed, or only to what the consent says already: the approval of a second signatory. */
export function isAsGranted(narrowing: Narrowing, terms: ConsentTerms): boolean {
  const { loan, withoutLoan, expiresAt, ...rest } = narrowing;
  const same = (given: unknown, held: unknown): boolean =>
    given === undefined || JSON.stringify(canonical(given)) === JSON.stringify(canonical(held ?? []));
  const { purposeText: _text, ...monitoring } = terms.loan ?? { purposeText: undefined };
  return (
    Object.entries(rest).every(([name, given]) => same(given, terms[name as keyof typeof rest])) &&
    (expiresAt === undefined || Date.parse(expiresAt) === Date.parse(terms.expiresAt)) &&
    (loan === undefined || same(loan, monitoring)) &&
    (withoutLoan !== true || terms.loan === undefined)
  );
}

type Part = Pick<RequestedTerms, "categories" | "records" | "lookbackMonths" | "frequency">;

/** What the terms of a consent and those of its loan have in common. */
function narrowPart(prefix: "" | "loan.", asked: Part, narrowing: Omit<Narrowing, "loan">): Part {
  const { lookbackMonths, frequency } = narrowing;
  const categories = subset(`${prefix}categories`, asked.categories, narrowing.categories);
  if (categories.length === 0)
    throw refuseArgument(`${prefix}categories`, "at least one category must stay; deny the request instead");
  const kept = asked.records?.filter((category) => categories.includes(category));
  const records = kept && subset(`${prefix}records`, kept, narrowing.records);
  if (kept === undefined && (narrowing.records?.length ?? 0) > 0)
    throw refuseArgument(`${prefix}records`, "no records were asked for");
  if (lookbackMonths !== undefined && !(lookbackMonths >= 1 && lookbackMonths <= asked.lookbackMonths)) {
    const problem = `lookbackMonths must be 1 to ${asked.lookbackMonths}, as asked`;
    throw refuseArgument(`${prefix}lookbackMonths`, problem);
  }
  const { count, period } = asked.frequency;
  if (frequency !== undefined && !(frequency.count >= 1 && usesAtMost(frequency, period) <= count)) {
    const problem = `frequency must allow 1 to ${count} inquiries a ${period}, as asked`;
    throw refuseArgument(`${prefix}frequency`, problem);
  }
  return {
    categories,
    ...(records === undefined ? {} : { records }),
    lookbackMonths: lookbackMonths ?? asked.lookbackMonths,
    frequency: frequency ?? asked.frequency,
  };
}

function narrowLoan(
  asked: AgreedLoanTerms | undefined,
  { loan, withoutLoan }: Narrowing,
  consent: Part,
): AgreedLoanTerms | undefined {
  if (loan !== undefined && withoutLoan === true)
    throw refuseArgument("withoutLoan", "loan terms are either narrowed or left out");
  if (asked === undefined) {
    if (loan === undefined) return undefined;
    throw refuseArgument("loan", "no loan terms were asked for");
  }
  if (withoutLoan === true) return undefined;
  const part = loan === undefined ? asked : narrowPart("loan.", asked, loan);
  const lifeDays = loan?.lifeDays ?? asked.lifeDays;
  if (!(lifeDays >= 1 && lifeDays <= asked.lifeDays))
    throw refuseArgument("loan.lifeDays", `loan.lifeDays must be 1 to ${asked.lifeDays}, as asked`);
  const within = (list: readonly Category[], held: readonly Category[] = []): readonly Category[] =>
    list.filter((category) => held.includes(category));
  const categories = within(part.categories, consent.categories);
  if (categories.length === 0) return undefined;
  const records = part.records && within(within(part.records, consent.records), categories);
  return { ...part, categories, ...(records === undefined ? {} : { records }), lifeDays };
}

function narrowAccounts(
  asked: readonly PlatformAccount[] | undefined,
  given: readonly PlatformAccount[] | undefined,
): readonly PlatformAccount[] | undefined {
  if (given === undefined || asked === undefined) return given ?? asked;
  const nameOf = ({ platform, sellerId }: PlatformAccount): string => JSON.stringify([platform, sellerId]);
  const names = new Set(asked.map(nameOf));
  const added = given.find((account) => !names.has(nameOf(account)));
  if (added === undefined) return given;
  throw refuseArgument("accounts", `${added.sellerId} at ${added.platform} was not asked for`);
}

function subset(
  argument: string,
  asked: readonly Category[],
  given: readonly Category[] | undefined,
): readonly Category[] {
  const added = given?.find((category) => !asked.includes(category));
  if (added !== undefined) throw refuseArgument(argument, `${added} was not asked for`);
  return given ?? asked;
}

/** Members in one order, lists sorted: what two spellings of the same terms have in common. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const texts = new Set(value.map((item) => JSON.stringify(canonical(item))));
    return [...texts].toSorted();
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return members.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, canonical(member)]);
}
