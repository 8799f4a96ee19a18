import { Field, Float, Int, ObjectType } from "type-graphql";
import { ConsentPolicy } from "../host/directives.js";
import { Metric, MonthWindow } from "../host/metric-types.js";
import { MonthScalar } from "../host/scalars.js";
import type { RecordBounds } from "./records/record-questions.js";

@ObjectType({ description: "Reviews on one platform in the window." })
export class ReviewPlatform {
  @Field(() => String) platform!: string;
  @Field(() => [Int], { description: "Numbers of reviews with 1, 2, 3, 4 and 5 stars." }) stars!: number[];
  @Field(() => Metric) reviewCount!: Metric;
  @Field(() => Metric) reviewScoreBayes!: Metric;
  @Field(() => Metric) negativeShare!: Metric;
  @Field(() => Metric) reviewDeletedCount!: Metric;
}

@ObjectType({ description: "Reviews written in one month, on all platforms." })
export class ReviewMonth {
  @Field(() => MonthScalar) month!: string;
  @Field(() => Int) count!: number;
  @Field(() => [Int], { description: "Numbers of reviews with 1, 2, 3, 4 and 5 stars." }) stars!: number[];
  @Field(() => Float, { nullable: true, description: "Mean of the stars; null with fewer than 30 reviews." })
  mean!: number | null;
  @Field(() => Int, { description: "Reviews with one or two stars." }) negative!: number;
  @Field(() => Int, { description: "Reviews that the merchant answered by now." }) replied!: number;
  @Field(() => Int, { description: "Reviews that were removed by now." }) deleted!: number;
}

/** A review belongs to the month in which it was written; removed reviews stay in every number. */
@ConsentPolicy("REVIEWS")
@ObjectType({
  description:
    "What buyers wrote of the merchant, in accounts that the consent opens. Reviews that were removed later stay in every number.",
})
export class Reviews {
  /** Of the records behind the figures. */
  readonly bounds!: RecordBounds;

  @Field(() => MonthWindow, {
    nullable: true,
    description: "The months asked for, as far as the consent opens them.",
  })
  window!: MonthWindow;

  @Field(() => Metric, { nullable: true }) reviewCount!: Metric;

  @Field(() => Metric, {
    nullable: true,
    description: "Mean of the stars, drawn to the platform's mean by 50 reviews' weight.",
  })
  reviewScoreBayes!: Metric;

  @Field(() => Metric, {
    nullable: true,
    description: "Theil-Sen slope of the weekly means of up to 26 weeks, in stars a week.",
  })
  reviewTrend!: Metric;

  @Field(() => Metric, {
    nullable: true,
    description: "Share of reviews with one or two stars, with its Wilson interval.",
  })
  negativeShare!: Metric;

  @Field(() => Metric, {
    nullable: true,
    description: "Median of the merchant's reply time, replied reviews only; within 1 %.",
  })
  reviewReplyMedianHours!: Metric;

  @Field(() => Metric, {
    nullable: true,
    description: "Reviews of the window that were removed by now; anomalies.",
  })
  reviewDeletedCount!: Metric;

  @Field(() => [ReviewPlatform], { nullable: true }) platforms!: ReviewPlatform[];

  @Field(() => [ReviewMonth], {
    nullable: true,
    description: "Every month of the window, also those without reviews.",
  })
  months!: ReviewMonth[];
}
