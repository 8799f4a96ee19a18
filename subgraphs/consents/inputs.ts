import { Field, ID, InputType, Int } from "type-graphql";
import type { Category } from "../../schema/categories.js";
import type { FrequencyPeriod, Purpose } from "../../schema/purposes.js";
import { InstantScalar, MerchantIdScalar } from "../host/scalars.js";
import { CategoryEnum, PurposeEnum } from "../host/vocabulary.js";
import { FrequencyPeriodEnum } from "./types.js";

@InputType({ description: "How often the bank may ask." })
export class FrequencyInput {
  @Field(() => Int, { description: "1 or more." }) count!: number;
  @Field(() => FrequencyPeriodEnum) period!: FrequencyPeriod;
}

@InputType()
export class RequestConsentInput {
  @Field(() => MerchantIdScalar) merchant!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => [CategoryEnum]) categories!: Category[];
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => InstantScalar, {
    description: "The end of the consent; it starts when the merchant approves.",
  })
  expiresAt!: Date;
  @Field(() => FrequencyInput) frequency!: FrequencyInput;
}

@InputType({ description: "What is absent stays as asked; nothing may be wider than asked." })
export class ApproveConsentRequestInput {
  @Field(() => ID) requestId!: string;
  @Field(() => [CategoryEnum], { nullable: true }) categories?: Category[] | null;
  @Field(() => Int, { nullable: true }) lookbackMonths?: number | null;
  @Field(() => InstantScalar, { nullable: true }) expiresAt?: Date | null;
  @Field(() => FrequencyInput, { nullable: true }) frequency?: FrequencyInput | null;
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
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => InstantScalar, { nullable: true, description: "At once where absent." })
  startsAt?: Date | null;
  @Field(() => InstantScalar) expiresAt!: Date;
  @Field(() => FrequencyInput, {
    nullable: true,
    description: "As often as the purpose allows where absent.",
  })
  frequency?: FrequencyInput | null;
}

@InputType()
export class ConsentIdInput {
  @Field(() => ID) consentId!: string;
}
