import { ArgsType, Field, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import {
  ACCOUNT_ROLES,
  type AccountRole,
  PLATFORM_KINDS,
  type PlatformKind,
} from "../../schema/feeds/records.js";
import type { Purpose } from "../../schema/purposes.js";
import { type Regime, REGIMES } from "../../schema/uscc.js";
import { ConsentPolicy, Key } from "../host/directives.js";
import { InstantScalar, MerchantIdScalar } from "../host/scalars.js";
import { enumOf, PurposeEnum } from "../host/vocabulary.js";

export const RegimeEnum = enumOf(REGIMES);
registerEnumType(RegimeEnum, {
  name: "Regime",
  description: "Whose rights apply: a sole trader (code 92...) is a natural person.",
});

export const AccountRoleEnum = enumOf(ACCOUNT_ROLES);
registerEnumType(AccountRoleEnum, {
  name: "AccountRole",
  description: "What a merchant is to a seller account.",
});

export const PlatformKindEnum = enumOf(PLATFORM_KINDS);
registerEnumType(PlatformKindEnum, { name: "PlatformKind", description: "What a platform is." });

@ConsentPolicy("IDENTITY")
@ObjectType({ description: "A span of time in which a platform's seller account belonged to the merchant." })
export class PlatformAccount {
  @Field(() => String) platform!: string;
  @Field(() => PlatformKindEnum) kind!: PlatformKind;
  @Field(() => String) sellerId!: string;
  @Field(() => AccountRoleEnum) role!: AccountRole;
  @Field(() => InstantScalar, { description: "When the account was opened, by whomever." }) openedAt!: Date;
  @Field(() => InstantScalar) validFrom!: Date;
  @Field(() => InstantScalar, { nullable: true, description: "Exclusive; null is open-ended." })
  validTo!: Date | null;
  @Field(() => String, { nullable: true }) region!: string | null;
  @Field(() => String, { nullable: true }) category!: string | null;
  @Field(() => Int, {
    description:
      "2 to 10, by the best evidence of the link: 10 attested by the platform, 9 licence, 4 domain.",
  })
  confidence!: number;
}

@ConsentPolicy("IDENTITY")
@ObjectType({ description: "How long the merchant has sold." })
export class Tenure {
  @Field(() => InstantScalar, { description: "When the merchant first owned an open account." })
  firstAccountOpenedAt!: Date;
  @Field(() => Int, { description: "Whole days of 24 hours from then to the answer." }) days!: number;
}

@ConsentPolicy("IDENTITY")
@ObjectType({ description: "Who the merchant is, by the platforms that vouch for it." })
export class Identity {
  @Field(() => String, { description: "As the best-evidenced newest link states it." }) legalName!: string;
  @Field(() => RegimeEnum) regime!: Regime;
  @Field(() => MerchantIdScalar) uscc!: string;
  @Field(() => Boolean, { description: "False warns: the check digit of GB 32100 does not fit." })
  usccChecksumValid!: boolean;
  @Field(() => Tenure, { nullable: true, description: "Null where the merchant owns no account yet." })
  tenure!: Tenure | null;
  @Field(() => [PlatformAccount], { description: "At most 500, newest start first." })
  accounts!: PlatformAccount[];
}

@Key("id")
@ObjectType("Merchant", { description: "A merchant, the subject of a credit profile." })
export class Merchant {
  @Field(() => MerchantIdScalar) id!: string;
}

const REFERENCE_DESCRIPTION = "The bank's own case number: 1 to 64 visible ASCII characters, blanks within.";

@ArgsType()
export class InquiryArgs {
  @Field(() => MerchantIdScalar) id!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => String, { description: REFERENCE_DESCRIPTION }) reference!: string;
}

@InputType({ description: "One question about one merchant." })
export class InquiryInput {
  @Field(() => MerchantIdScalar) id!: string;
  @Field(() => PurposeEnum) purpose!: Purpose;
  @Field(() => String, { description: REFERENCE_DESCRIPTION }) reference!: string;
}
