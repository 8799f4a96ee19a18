import { Field, Float, Int, ObjectType } from "type-graphql";
import { ConsentPolicy } from "../host/directives.js";
import { Metric, MonthWindow } from "../host/metric-types.js";
import { MonthScalar } from "../host/scalars.js";
import type { RecordBounds } from "./records/record-questions.js";

@ObjectType({ description: "How many of an audience are in one bucket of a trait." })
export class TraitBucket {
  @Field(() => String) bucket!: string;
  @Field(() => Float) count!: number;
}

@ObjectType({
  description: "One trait of a channel's audience; buckets of fewer than 10 people are withheld.",
})
export class BuyerTraits {
  @Field(() => String) platform!: string;
  @Field(() => String) channel!: string;
  @Field(() => String) trait!: string;
  @Field(() => [TraitBucket]) buckets!: TraitBucket[];
  @Field(() => Int, { description: "Buckets withheld." }) suppressed!: number;
  @Field(() => String, { description: "Day of the newest count, YYYY-MM-DD." }) day!: string;
}

@ObjectType({ description: "One channel, all of the merchant's accounts on it together." })
export class SocialChannel {
  @Field(() => String) platform!: string;
  @Field(() => String) channel!: string;
  @Field(() => Metric) followers!: Metric;
  @Field(() => Metric) followerGrowth!: Metric;
  @Field(() => Metric) engagementRate!: Metric;
  @Field(() => Metric) posts!: Metric;
}

@ObjectType({ description: "One month, all channels together." })
export class SocialMonth {
  @Field(() => MonthScalar) month!: string;
  @Field(() => Float, {
    nullable: true,
    description: "At each channel's last count up to the month's end; null before the first.",
  })
  followers!: number | null;
  @Field(() => Float) posts!: number;
  @Field(() => Float) views!: number;
  @Field(() => Float, { description: "Likes, comments and shares." }) engagements!: number;
}

@ConsentPolicy("SOCIAL")
@ObjectType({
  description: "Reach and engagement of the merchant's own channels, in accounts that the consent opens.",
})
export class Social {
  /** Of the records behind the figures. */
  readonly bounds!: RecordBounds;

  @Field(() => MonthWindow, {
    nullable: true,
    description: "The months asked for, as far as the consent opens them.",
  })
  window!: MonthWindow;

  @Field(() => Metric, {
    nullable: true,
    description: "At each channel's last count in the window; one person may follow several.",
  })
  followers!: Metric;

  @Field(() => Metric, {
    nullable: true,
    description: "Followers at the last count of the window against the first, minus 1.",
  })
  followerGrowth!: Metric;

  @Field(() => Metric, { nullable: true, description: "Likes, comments and shares by views." })
  engagementRate!: Metric;

  @Field(() => Metric, { nullable: true }) posts!: Metric;

  @Field(() => [SocialChannel], { nullable: true }) channels!: SocialChannel[];

  @Field(() => [SocialMonth], { nullable: true, description: "Every month of the window." })
  months!: SocialMonth[];

  @Field(() => [BuyerTraits], { nullable: true, description: "The newest of each channel in the window." })
  buyerTraits!: BuyerTraits[];
}
