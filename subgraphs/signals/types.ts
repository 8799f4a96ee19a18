import { Field, ObjectType } from "type-graphql";
import { Key } from "../host/directives.js";
import { MerchantIdScalar } from "../host/scalars.js";

/** The merchant as this subgraph knows it: by its code only. */
@Key("id")
@ObjectType("Merchant")
export class Merchant {
  @Field(() => MerchantIdScalar) id!: string;
}
