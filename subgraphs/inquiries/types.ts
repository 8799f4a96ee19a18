import { ArgsType, Field, ID, ObjectType, registerEnumType } from "type-graphql";
import type { Category, Level } from "../../schema/categories.js";
import type { Party } from "../../schema/parties.js";
import { INQUIRY_DECISIONS, type InquiryDecision } from "../../schema/ports.js";
import type { Purpose } from "../../schema/purposes.js";
import { PartyPolicy } from "../host/directives.js";
import { MonthWindow } from "../host/metric-types.js";
import { PageArgs, PageInfo } from "../host/paging.js";
import { InstantScalar, MerchantIdScalar } from "../host/scalars.js";
import { CategoryEnum, enumOf, LevelEnum, PartyEnum, PurposeEnum } from "../host/vocabulary.js";

export const InquiryDecisionEnum = enumOf(INQUIRY_DECISIONS);
registerEnumType(InquiryDecisionEnum, {
  name: "InquiryDecision",
  description: "What became of an inquiry in the end.",
});

const PARTIES = [["bank"], ["merchant"], ["officer"]] as const;

@PartyPolicy(...PARTIES)
@ObjectType({ description: "Why a category was released or not." })
export class InquiryRule {
  @Field(() => CategoryEnum, { nullable: true }) category!: Category | null;
  @Field(() => LevelEnum) level!: Level;
  @Field(() => Boolean) allowed!: boolean;
  @Field(() => String, { description: "An error code, or OK." }) code!: string;
  @Field(() => String, { description: "The rule's id in the rulebook." }) rule!: string;
  @Field(() => String, { description: "The article that the rule rests on." }) article!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "One question about one merchant, as it stands on record; never a value." })
export class Inquiry {
  @Field(() => ID) id!: string;
  @Field(() => InstantScalar, { description: "When it was on record." }) at!: Date;
  @Field(() => MerchantIdScalar) merchantId!: string;
  @Field(() => PartyEnum) party!: Party;
  @Field(() => String, { description: "The asker's id: of the bank, or the merchant itself." })
  asker!: string;
  @Field(() => String, { nullable: true, description: "The asker, where it is a bank." }) bank!:
    | string
    | null;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => String, {
    nullable: true,
    description: "The asker's own case number; shown to the asker and to officers.",
  })
  reference!: string | null;
  @Field(() => [CategoryEnum]) asked!: readonly Category[];
  @Field(() => [CategoryEnum], { description: "What left in the end." }) released!: readonly Category[];
  @Field(() => [CategoryEnum], { description: "Of `asked`: those asked for with their single records." })
  askedRecords!: readonly Category[];
  @Field(() => [CategoryEnum], { description: "Of `released`: those whose single records left." })
  releasedRecords!: readonly Category[];
  @Field(() => InquiryDecisionEnum) decision!: InquiryDecision;
  @Field(() => ID, { nullable: true, description: "The consent that decided." }) consentId!: string | null;
  @Field(() => MonthWindow, { nullable: true, description: "The months that the consent opened." })
  months!: MonthWindow | null;
  @Field(() => [InquiryRule]) rules!: readonly InquiryRule[];
  @Field(() => String, { description: "The rulebook in force." }) rulebook!: string;
  @Field(() => String, {
    description: "Leaf hash of the entry (RFC 6962 section 2.1), as in the answer's receipt.",
  })
  leafHash!: string;
}

@PartyPolicy(...PARTIES)
@ObjectType({ description: "A page of inquiries, newest first." })
export class InquiryConnection {
  @Field(() => [Inquiry]) nodes!: readonly Inquiry[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@ArgsType()
export class InquiriesArgs extends PageArgs {
  @Field(() => MerchantIdScalar, {
    nullable: true,
    description: "Officers must name the merchant; a merchant can only name itself.",
  })
  merchant?: string | null;
}
