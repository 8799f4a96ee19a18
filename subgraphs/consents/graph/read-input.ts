import type { PlatformAccount } from "../../../schema/claims.js";
import type { AgreedLoanTerms, Frequency } from "../../../schema/consent-terms.js";
import type { Grant } from "../grant-consent.js";
import type { Narrowing } from "../requests/narrow-request.js";
import type { RequestedTerms } from "../requests/request-store.js";
import type {
  AccountInput,
  ApproveConsentRequestInput,
  FrequencyInput,
  GrantConsentInput,
  LoanTermsInput,
  RequestConsentInput,
} from "./inputs.js";

// Plain values throughout: input objects carry a class that must not reach the store.

/** What a bank asks for; absent records are none. */
export function readRequest(input: RequestConsentInput): RequestedTerms {
  const { categories, lookbackMonths, expiresAt, frequency } = input;
  return {
    categories,
    ...readScope(input),
    lookbackMonths,
    expiresAt: expiresAt.toISOString(),
    frequency: readFrequency(frequency),
  };
}

/** What a merchant grants; as often as the purpose allows where it does not say. */
export function readGrant(input: GrantConsentInput, often: Frequency): Grant["terms"] {
  const { categories, lookbackMonths, startsAt, expiresAt, frequency } = input;
  return {
    categories,
    ...readScope(input),
    lookbackMonths,
    startsAt: startsAt?.toISOString(),
    expiresAt: expiresAt.toISOString(),
    frequency: frequency == null ? often : readFrequency(frequency),
  };
}

/** What a merchant changes in a request; absent and null both leave it as asked. */
export function readNarrowing(input: ApproveConsentRequestInput): Narrowing {
  return {
    categories: input.categories ?? undefined,
    records: input.records ?? undefined,
    accounts: input.accounts?.map(readAccount),
    lookbackMonths: input.lookbackMonths ?? undefined,
    expiresAt: input.expiresAt?.toISOString(),
    frequency: input.frequency == null ? undefined : readFrequency(input.frequency),
    loan: input.loan == null ? undefined : readLoan(input.loan),
    withoutLoan: input.withoutLoan ?? undefined,
  };
}

function readScope({
  records,
  accounts,
  loan,
}: Pick<RequestConsentInput, "records" | "accounts" | "loan">): Pick<
  RequestedTerms,
  "records" | "accounts" | "loan"
> {
  return {
    records: records ?? [],
    ...(accounts == null ? {} : { accounts: accounts.map(readAccount) }),
    ...(loan == null ? {} : { loan: readLoan(loan) }),
  };
}

function readLoan(loan: LoanTermsInput): AgreedLoanTerms {
  const { categories, records, lookbackMonths, frequency, lifeDays } = loan;
  return {
    categories,
    records: records ?? [],
    lookbackMonths,
    frequency: readFrequency(frequency),
    lifeDays,
  };
}

function readAccount({ platform, sellerId }: AccountInput): PlatformAccount {
  return { platform, sellerId };
}

function readFrequency({ count, period }: FrequencyInput): Frequency {
  return { count, period };
}
