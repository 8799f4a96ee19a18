import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import type { Category } from "../../../schema/categories.js";
import {
  CONSENT_EVENT_KINDS,
  CONSENT_STATES,
  type ConsentEventKind,
  type ConsentState,
  LOAN_STAGES,
  type LoanStage,
} from "../../../schema/consent-terms.js";
import { FREQUENCY_PERIODS, type FrequencyPeriod, type Purpose } from "../../../schema/purposes.js";
import { PartyPolicy } from "../../host/directives.js";
import { PageInfo } from "../../host/paging.js";
import { InstantScalar, MerchantIdScalar } from "../../host/scalars.js";
import { CategoryEnum, enumOf, PurposeEnum } from "../../host/vocabulary.js";

export const FrequencyPeriodEnum = enumOf(FREQUENCY_PERIODS);
registerEnumType(FrequencyPeriodEnum, {
  name: "FrequencyPeriod",
  description:
    "Calendar periods in Asia/Shanghai, weeks from Monday; TOTAL is the whole life of the consent.",
});

export const ConsentStateEnum = enumOf(CONSENT_STATES);
registerEnumType(ConsentStateEnum, {
  name: "ConsentState",
  description:
    "Derived from the consent's events and the clock. REVOKED, SUPERSEDED, CLOSED, TERMINATED and EXPIRED are final.",
});

export const ConsentEventKindEnum = enumOf(CONSENT_EVENT_KINDS);
registerEnumType(ConsentEventKindEnum, {
  name: "ConsentEventKind",
  description: "What happened to a consent.",
});

export const LoanStageEnum = enumOf(LOAN_STAGES);
registerEnumType(LoanStageEnum, {
  name: "LoanStage",
  description: "Before the disbursal that the bank reports, or after it.",
});

/** Whose eyes these types are for; the roots say who may call what. */
export const PARTIES = [["bank"], ["merchant"], ["officer"]] as const;

@PartyPolicy(...PARTIES)
@ObjectType({ description: "How often the bank may ask." })
export class Frequency {
  @Field(() => Int) count!: number;
  @Field(() => FrequencyPeriodEnum) period!: FrequencyPeriod;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "The fixed words of a purpose." })
export class PurposeText {
  @Field(() => String) en!: string;
  @Field(() => String) zh!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "The notice that the merchant was shown." })
export class Notice {
  @Field(() => String) version!: string;
  @Field(() => String, { description: "BCP 47." }) language!: string;
  @Field(() => String, { description: "Lower-case hex SHA-256 of its UTF-8 text." }) sha256!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A seller account at a platform, as the consent names it." })
export class ConsentAccount {
  @Field(() => String) platform!: string;
  @Field(() => String) sellerId!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "What a loan's monitoring may read once the loan is disbursed." })
export class LoanTerms {
  @Field(() => [CategoryEnum]) categories!: readonly Category[];
  @Field(() => [CategoryEnum]) records!: readonly Category[];
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => Frequency) frequency!: Frequency;
  @Field(() => Int, { description: "Days of 24 hours from the disbursal." }) lifeDays!: number;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A term that was asked for beyond the purpose and cut." })
export class TermCut {
  @Field(() => String, { description: "As the input calls it: `lookbackMonths`, `loan.records`." })
  field!: string;
  @Field(() => String) asked!: string;
  @Field(() => String, { description: "Empty where nothing was left." }) given!: string;
  @Field(() => String) rule!: string;
  @Field(() => String) article!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({
  description: "What the consent opens at the instant of this answer: the agreed terms, or the loan's.",
})
export class TermsInForce {
  @Field(() => LoanStageEnum, { nullable: true, description: "Null for a consent without loan terms." })
  stage!: LoanStage | null;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => [CategoryEnum]) categories!: readonly Category[];
  @Field(() => [CategoryEnum]) records!: readonly Category[];
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => Frequency) frequency!: Frequency;
  @Field(() => InstantScalar) startsAt!: Date;
  @Field(() => InstantScalar, { description: "Exclusive." }) expiresAt!: Date;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "Something that happened to a consent." })
export class ConsentEvent {
  @Field(() => ConsentEventKindEnum) kind!: ConsentEventKind;
  @Field(() => InstantScalar) at!: Date;
  @Field(() => InstantScalar, { nullable: true, description: "Of a disbursal, as the bank told it." })
  disbursedAt!: Date | null;
  @Field(() => String, { nullable: true, description: "Of a disbursal: the bank's own number of the loan." })
  loanReference!: string | null;
  @Field(() => String, { nullable: true, description: "The person who acted, where the token named one." })
  signatory!: string | null;
}

@PartyPolicy(...PARTIES)
@ObjectType({
  description: "A merchant's signed permission for one bank and one purpose. Its terms never change.",
})
export class Consent {
  @Field(() => ID) id!: string;
  @Field(() => Int) version!: number;
  @Field(() => ID, { nullable: true, description: "The consent that this one replaced." }) supersedes!:
    | string
    | null;
  @Field(() => MerchantIdScalar) merchantId!: string;
  @Field(() => String) bank!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => PurposeText) purposeText!: PurposeText;
  @Field(() => [CategoryEnum]) categories!: readonly Category[];
  @Field(() => [CategoryEnum], { description: "Of the categories: those opened with their single records." })
  records!: readonly Category[];
  @Field(() => [ConsentAccount], {
    nullable: true,
    description: "The seller accounts that are opened; null opens every account linked to the merchant.",
  })
  accounts!: readonly ConsentAccount[] | null;
  @Field(() => Int, { description: "Calendar months back, the current one included." })
  lookbackMonths!: number;
  @Field(() => InstantScalar) startsAt!: Date;
  @Field(() => InstantScalar, { description: "Exclusive." }) expiresAt!: Date;
  @Field(() => Frequency) frequency!: Frequency;
  @Field(() => LoanTerms, { nullable: true }) loan!: LoanTerms | null;
  @Field(() => Int, { description: "How many of the signatories must sign." }) quorum!: number;
  @Field(() => [String], {
    nullable: true,
    description:
      "Those who may sign; null where the merchant had registered none, and its grant alone signs.",
  })
  signatories!: readonly string[] | null;
  @Field(() => [String], { nullable: true, description: "Of the signatories: those who have signed." })
  signedBy!: readonly string[] | null;
  @Field(() => String, { description: "The rulebook under which it was granted." }) rulebook!: string;
  @Field(() => Notice) notice!: Notice;
  @Field(() => [TermCut], {
    description: "What was asked beyond the purpose and cut; no part of the artefact.",
  })
  cuts!: readonly TermCut[];
  @Field(() => ConsentStateEnum, { description: "At the instant of this answer." }) state!: ConsentState;
  @Field(() => TermsInForce) inForce!: TermsInForce;
  @Field(() => Int, { description: "Inquiries left in the current period, under the terms in force." })
  remainingUses!: number;
  @Field(() => [ConsentEvent], { description: "In order." }) events!: readonly ConsentEvent[];
  @Field(() => String, { description: "The artefact: a compact JWS, `typ: consent+jwt`." }) artefact!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A page of consents, newest first." })
export class ConsentConnection {
  @Field(() => [Consent]) nodes!: readonly Consent[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}
