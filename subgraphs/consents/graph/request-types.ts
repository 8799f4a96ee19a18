import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import type { Category } from "../../../schema/categories.js";
import type { Purpose } from "../../../schema/purposes.js";
import { PartyPolicy } from "../../host/directives.js";
import { PageInfo } from "../../host/paging.js";
import { InstantScalar, MerchantIdScalar } from "../../host/scalars.js";
import { CategoryEnum, enumOf, PurposeEnum } from "../../host/vocabulary.js";
import { REQUEST_STATES, type RequestState } from "../requests/request-store.js";
import { ConsentAccount, Frequency, LoanTerms, PARTIES, PurposeText, TermCut } from "./types.js";

export const RequestStateEnum = enumOf(REQUEST_STATES);
registerEnumType(RequestStateEnum, {
  name: "ConsentRequestState",
  description:
    "Derived; a request that nobody answers lapses. Where several must sign, an approved request's consent says who has.",
});

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A bank's request for a merchant's consent." })
export class ConsentRequest {
  @Field(() => ID) id!: string;
  @Field(() => MerchantIdScalar) merchantId!: string;
  @Field(() => String) bank!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => PurposeText) purposeText!: PurposeText;
  @Field(() => [CategoryEnum]) categories!: readonly Category[];
  @Field(() => [CategoryEnum]) records!: readonly Category[];
  @Field(() => [ConsentAccount], { nullable: true, description: "Null asks for every linked account." })
  accounts!: readonly ConsentAccount[] | null;
  @Field(() => Int) lookbackMonths!: number;
  @Field(() => InstantScalar) expiresAt!: Date;
  @Field(() => Frequency) frequency!: Frequency;
  @Field(() => LoanTerms, { nullable: true }) loan!: LoanTerms | null;
  @Field(() => [TermCut], { description: "What the bank asked beyond the purpose, and got less of." })
  cuts!: readonly TermCut[];
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
