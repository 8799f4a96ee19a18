import "reflect-metadata";
import { Field, Float, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { Shareable } from "./directives.js";
import { InstantScalar, MinorScalar, MonthScalar } from "./scalars.js";

/** COHORT: by the order's paid day. CASH: by the event's own day. STATE: as things stand at `asOf`. */
export const MetricBasis = { COHORT: "COHORT", CASH: "CASH", STATE: "STATE" } as const;
export type MetricBasis = (typeof MetricBasis)[keyof typeof MetricBasis];
registerEnumType(MetricBasis, {
  name: "MetricBasis",
  description:
    "What the window selects: COHORT orders by paid day, CASH events by their own day, STATE what stands at asOf.",
});

/** Why a metric has no value. */
export const NullReason = {
  SAMPLE_TOO_SMALL: "SAMPLE_TOO_SMALL",
  INSUFFICIENT_HISTORY: "INSUFFICIENT_HISTORY",
  NO_SOURCE: "NO_SOURCE",
  NOT_MATURED: "NOT_MATURED",
  MIXED_CURRENCY: "MIXED_CURRENCY",
} as const;
export type NullReason = (typeof NullReason)[keyof typeof NullReason];
registerEnumType(NullReason, { name: "NullReason", description: "Why a metric has no value." });

/** The least number of observations under a rate, median, percentile or score. */
export const SAMPLE_MIN = 30;

@Shareable()
@ObjectType({ description: "Calendar months, half-open." })
export class MonthWindow {
  @Field(() => MonthScalar) from!: string;
  @Field(() => MonthScalar) until!: string;
}

@Shareable()
@ObjectType({ description: "An interval of 95 % confidence." })
export class Interval {
  @Field(() => Float) low!: number;
  @Field(() => Float) high!: number;
}

@Shareable()
@ObjectType({ description: "An amount of money." })
export class Money {
  @Field(() => MinorScalar, { description: "Minor units." }) minor!: number;
  @Field(() => String, { description: "ISO 4217." }) currency!: string;
}

/** What every number rests on. */
@ObjectType()
abstract class MetricGround {
  @Field(() => MetricBasis) basis!: MetricBasis;
  @Field(() => MonthWindow) window!: MonthWindow;
  @Field(() => InstantScalar) asOf!: Date;
  @Field(() => Int, { description: "Observations under the value." }) n!: number;
  @Field(() => Float, { description: "Share of the window's months with data, 0 to 1." }) coverage!: number;
  @Field(() => Interval, { nullable: true }) confidence?: Interval | null;
  @Field(() => Int, {
    description:
      "0 self-reported, 1 one platform, 2 two independent sources, 3 three, 4 with government data.",
  })
  verification!: number;
  @Field(() => [String], { description: "Platforms that supplied it." }) sources!: string[];
  @Field(() => Float, { description: "Share under objection, 0 to 1." }) disputedShare!: number;
  @Field(() => NullReason, { nullable: true, description: "Set when there is no value." })
  reason?: NullReason | null;
  @Field(() => String, { description: "Formula and its version, such as gmvPaid/1." }) formula!: string;
}

@Shareable()
@ObjectType({ description: "A number and what it rests on." })
export class Metric extends MetricGround {
  @Field(() => Float, { nullable: true }) value!: number | null;
  @Field(() => String) unit!: string;
  @Field(() => Float, { nullable: true, description: "The value without disputed records." })
  valueExcludingDisputed?: number | null;
}

@Shareable()
@ObjectType({ description: "An amount and what it rests on." })
export class MoneyMetric extends MetricGround {
  @Field(() => Money, { nullable: true }) amount!: Money | null;
  @Field(() => Money, { nullable: true, description: "The amount without disputed records." })
  amountExcludingDisputed?: Money | null;
}

@Shareable()
@ObjectType({ description: "How long a step takes, and what that rests on." })
export class DurationMetric extends MetricGround {
  @Field(() => Float, { nullable: true, description: "Median." }) p50!: number | null;
  @Field(() => Float, { nullable: true, description: "90th percentile." }) p90!: number | null;
  @Field(() => String) unit!: string;
}

@InputType({
  description: "The last `months` calendar months, the current one included, or `from` to `until`; not both.",
})
export class WindowInput {
  @Field(() => Int, { nullable: true, description: "1 to 36." }) months?: number | null;
  @Field(() => MonthScalar, { nullable: true, description: "First month." }) from?: string | null;
  @Field(() => MonthScalar, {
    nullable: true,
    description: "The month after the last; at most 60 after `from`.",
  })
  until?: string | null;
}
