import { ArgsType, Field } from "type-graphql";
import { WindowInput } from "../../host/metric-types.js";

@ArgsType()
export class FrameArgs {
  @Field(() => WindowInput, { nullable: true })
  window?: WindowInput | null;
  @Field(() => String, { nullable: true, description: "ISO 4217; all currencies where absent." })
  currency?: string | null;
}
