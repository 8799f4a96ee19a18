import { Field, ObjectType } from "type-graphql";
import { Key } from "../../host/directives.js";
import { MerchantIdScalar } from "../../host/scalars.js";

@Key("id")
@ObjectType()
export class Merchant {
  @Field(() => MerchantIdScalar) id!: string;
}
