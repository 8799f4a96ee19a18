import { Field, ID, InputType, Int, registerEnumType } from "type-graphql";
import type { Category } from "../../../schema/categories.js";
import type { FrequencyPeriod, Purpose } from "../../../schema/purposes.js";
import { InstantScalar, MerchantIdScalar } from "../../host/scalars.js";
import { CategoryEnum, enumOf, PurposeEnum } from "../../host/vocabulary.js";
import { OUT_OF_RANGE, type OutOfRange } from "../agree-terms.js";
import { FrequencyPeriodEnum } from "./types.js";

export const OutOfRangeEnum = enumOf(OUT_OF_RANGE);
registerEnumType(OutOfRangeEnum, {
  name: "OutOfRange",
  description: "What is done with terms beyond what the purpose allows.",
  valuesConfig: {
    REFUSE: { description: "Nothing is agreed; the error names rule and article." },
    CLAMP: { description: "Each is cut to what the purpose allows; `cuts` says what, and why." },
  },
});

const RECORDS = "Of the categories: those whose single records are opened as well; none where absent.";
const ACCOUNTS = "1 to 20 seller accounts; every account that is linked to the merchant where absent.";
const LOAN =
  "On the disbursal the consent goes on as the loan's monitoring, on these terms. For PRE_LOAN_ASSESSMENT only.";

@InputType({ description: "How often the bank may ask." })
export class FrequencyInput {
  @Field(() => Int, { description: "1 or more." }) count!: number;
  @Field(() => FrequencyPeriodEnum) period!: FrequencyPeriod;
}

@InputType({ description: "A seller account at a platform, 1 to 128 visible ASCII characters each." })
export class AccountInput {
  @Field(() => String) platform!: string;
  @Field(() => String) sellerId!: string;
}

@InputType({
  description: "What a loan's monitoring may read; never a category or level that the consent does not open.",
})
export class LoanTermsInput {
  @Field(() => [CategoryEnum]) categories!: Category[];
  @Field(() => [CategoryEnum], { nullable: true, description: RECORDS }) records?: Category[] | null;
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => FrequencyInput) frequency!: FrequencyInput;
  @Field(() => Int, { description: "Days of 24 hours from the disbursal." }) lifeDays!: number;
}

@InputType()
export class RequestConsentInput {
  @Field(() => MerchantIdScalar) merchant!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => [CategoryEnum]) categories!: Category[];
  @Field(() => [CategoryEnum], { nullable: true, description: RECORDS }) records?: Category[] | null;
  @Field(() => [AccountInput], { nullable: true, description: ACCOUNTS }) accounts?: AccountInput[] | null;
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => InstantScalar, {
    description: "The end of the consent; it starts when the merchant approves.",
  })
  expiresAt!: Date;
  @Field(() => FrequencyInput) frequency!: FrequencyInput;
  @Field(() => LoanTermsInput, { nullable: true, description: LOAN }) loan?: LoanTermsInput | null;
  @Field(() => OutOfRangeEnum, { defaultValue: "REFUSE" }) outOfRange!: OutOfRange;
}

@InputType({
  description:
    "What is absent stays as asked; nothing may be wider than asked. A category that is taken away takes its records and its monitoring with it.",
})
export class ApproveConsentRequestInput {
  @Field(() => ID) requestId!: string;
  @Field(() => [CategoryEnum], { nullable: true }) categories?: Category[] | null;
  @Field(() => [CategoryEnum], { nullable: true }) records?: Category[] | null;
  @Field(() => [AccountInput], { nullable: true, description: ACCOUNTS }) accounts?: AccountInput[] | null;
  @Field(() => Int, { nullable: true }) lookbackMonths?: number | null;
  @Field(() => InstantScalar, { nullable: true }) expiresAt?: Date | null;
  @Field(() => FrequencyInput, { nullable: true }) frequency?: FrequencyInput | null;
  @Field(() => LoanTermsInput, { nullable: true, description: "The loan terms, as asked or narrower." })
  loan?: LoanTermsInput | null;
  @Field(() => Boolean, { nullable: true, description: "Leaves the loan terms out." })
  withoutLoan?: boolean | null;
}

@InputType()
export class DenyConsentRequestInput {
  @Field(() => ID) requestId!: string;
}

@InputType()
export class GrantConsentInput {
  @Field(() => String) bank!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => [CategoryEnum]) categories!: Category[];
  @Field(() => [CategoryEnum], { nullable: true, description: RECORDS }) records?: Category[] | null;
  @Field(() => [AccountInput], { nullable: true, description: ACCOUNTS }) accounts?: AccountInput[] | null;
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => InstantScalar, { nullable: true, description: "At once where absent." })
  startsAt?: Date | null;
  @Field(() => InstantScalar) expiresAt!: Date;
  @Field(() => FrequencyInput, {
    nullable: true,
    description: "As often as the purpose allows where absent.",
  })
  frequency?: FrequencyInput | null;
  @Field(() => LoanTermsInput, { nullable: true, description: LOAN }) loan?: LoanTermsInput | null;
  @Field(() => OutOfRangeEnum, { defaultValue: "REFUSE" }) outOfRange!: OutOfRange;
}

@InputType()
export class ConsentIdInput {
  @Field(() => ID) consentId!: string;
}

const LOAN_REFERENCE = "The bank's own number of the loan: 1 to 64 visible ASCII characters.";

@InputType()
export class ReportDisbursalInput {
  @Field(() => ID) consentId!: string;
  @Field(() => String, { description: LOAN_REFERENCE }) loanReference!: string;
  @Field(() => InstantScalar, {
    nullable: true,
    description: "Within the consent's life and not in the future; now where absent.",
  })
  disbursedAt?: Date | null;
}

@InputType()
export class ReportPayoffInput {
  @Field(() => ID) consentId!: string;
  @Field(() => String, { description: LOAN_REFERENCE }) loanReference!: string;
}

@InputType()
export class SetSignatoriesInput {
  @Field(() => Int, { description: "How many of them must sign: 1 to their number." }) quorum!: number;
  @Field(() => [String], {
    description:
      "1 to 20 persons, as the authorization server names them in the claim `signatory`; a sole trader names one.",
  })
  signatories!: string[];
}

@InputType()
export class ApproveSignatoriesInput {
  @Field(() => Int) seq!: number;
}
