import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import type { Category } from "../../schema/categories.js";
import {
  CONSENT_EVENT_KINDS,
  CONSENT_STATES,
  type ConsentEventKind,
  type ConsentState,
} from "../../schema/consent-terms.js";
import { FREQUENCY_PERIODS, type FrequencyPeriod, type Purpose } from "../../schema/purposes.js";
import { PartyPolicy } from "../host/directives.js";
import { PageInfo } from "../host/paging.js";
import { InstantScalar, MerchantIdScalar } from "../host/scalars.js";
import { CategoryEnum, enumOf, PurposeEnum } from "../host/vocabulary.js";
import { REQUEST_STATES, type RequestState } from "./request-store.js";

export const FrequencyPeriodEnum = enumOf(FREQUENCY_PERIODS);
registerEnumType(FrequencyPeriodEnum, {
  name: "FrequencyPeriod",
  description:
    "Calendar periods in Asia/Shanghai, weeks from Monday; TOTAL is the whole life of the consent.",
});

export const ConsentStateEnum = enumOf(CONSENT_STATES);
registerEnumType(ConsentStateEnum, {
  name: "ConsentState",
  description: "Derived from the consent's events and the clock. REVOKED, SUPERSEDED and EXPIRED are final.",
});

export const ConsentEventKindEnum = enumOf(CONSENT_EVENT_KINDS);
registerEnumType(ConsentEventKindEnum, {
  name: "ConsentEventKind",
  description: "What happened to a consent.",
});

export const RequestStateEnum = enumOf(REQUEST_STATES);
registerEnumType(RequestStateEnum, {
  name: "ConsentRequestState",
  description: "Derived; a request that nobody answers lapses.",
});

/** Whose eyes these types are for; the roots say who may call what. */
const PARTIES = [["bank"], ["merchant"], ["officer"]] as const;

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
@ObjectType({ description: "Something that happened to a consent." })
export class ConsentEvent {
  @Field(() => ConsentEventKindEnum) kind!: ConsentEventKind;
  @Field(() => InstantScalar) at!: Date;
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
  @Field(() => Int, { description: "Calendar months back, the current one included." })
  lookbackMonths!: number;
  @Field(() => InstantScalar) startsAt!: Date;
  @Field(() => InstantScalar, { description: "Exclusive." }) expiresAt!: Date;
  @Field(() => Frequency) frequency!: Frequency;
  @Field(() => String, { description: "The rulebook under which it was granted." }) rulebook!: string;
  @Field(() => Notice) notice!: Notice;
  @Field(() => ConsentStateEnum, { description: "At the instant of this answer." }) state!: ConsentState;
  @Field(() => Int, { description: "Inquiries left in the current period." }) remainingUses!: number;
  @Field(() => [ConsentEvent], { description: "In order." }) events!: readonly ConsentEvent[];
  @Field(() => String, { description: "The artefact: a compact JWS, `typ: consent+jwt`." }) artefact!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A page of consents, newest first." })
export class ConsentConnection {
  @Field(() => [Consent]) nodes!: readonly Consent[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A bank's request for a merchant's consent." })
export class ConsentRequest {
  @Field(() => ID) id!: string;
  @Field(() => MerchantIdScalar) merchantId!: string;
  @Field(() => String) bank!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => PurposeText) purposeText!: PurposeText;
  @Field(() => [CategoryEnum]) categories!: readonly Category[];
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => InstantScalar) expiresAt!: Date;
  @Field(() => Frequency) frequency!: Frequency;
  @Field(() => RequestStateEnum, { description: "At the instant of this answer." }) state!: RequestState;
  @Field(() => InstantScalar) createdAt!: Date;
  @Field(() => InstantScalar, { description: "From here on it can no longer be approved." }) lapsesAt!: Date;
  @Field(() => InstantScalar, { nullable: true }) decidedAt!: Date | null;
  @Field(() => ID, { nullable: true, description: "The consent that the approval made." }) consentId!:
    | string
    | null;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A page of requests, newest first." })
export class ConsentRequestConnection {
  @Field(() => [ConsentRequest]) nodes!: readonly ConsentRequest[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}
