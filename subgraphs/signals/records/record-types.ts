import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { RecordsPolicy } from "../../host/directives.js";
import { PageInfo } from "../../host/paging.js";

const ID_DESCRIPTION =
  "A pseudonym of the platform's number: 32 hexadecimal digits, the same in every answer to everybody.";

@RecordsPolicy("REVIEWS")
@ObjectType({ description: "One review as it stands at the answer; neither its text nor its buyer." })
export class ReviewRecord {
  @Field(() => ID, { description: ID_DESCRIPTION }) id!: string;
  @Field(() => String) platform!: string;
  @Field(() => String, { description: "When it was written: YYYY-MM-DD in its own zone." }) day!: string;
  @Field(() => Int, { description: "1 to 5 stars." }) rating!: number;
  @Field(() => Boolean, { description: "Whether the merchant answered." }) replied!: boolean;
  @Field(() => Boolean, { description: "Whether it was removed." }) deleted!: boolean;
}

@RecordsPolicy("REVIEWS")
@ObjectType({ description: "A page of reviews, newest first." })
export class ReviewConnection {
  @Field(() => [ReviewRecord]) nodes!: ReviewRecord[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@RecordsPolicy("SOCIAL")
@ObjectType({ description: "One day of one channel of one account." })
export class SocialDayRecord {
  @Field(() => ID, { description: ID_DESCRIPTION }) id!: string;
  @Field(() => String) platform!: string;
  @Field(() => String) channel!: string;
  @Field(() => String, { description: "YYYY-MM-DD." }) day!: string;
  @Field(() => Float, { description: "At the day's count." }) followers!: number;
  @Field(() => Float, { description: "Published that day." }) posts!: number;
  @Field(() => Float) views!: number;
  @Field(() => Float, { description: "Likes, comments and shares." }) engagements!: number;
}

@RecordsPolicy("SOCIAL")
@ObjectType({ description: "A page of channels' days, newest first." })
export class SocialDayConnection {
  @Field(() => [SocialDayRecord]) nodes!: SocialDayRecord[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}
