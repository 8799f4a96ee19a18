import DataLoader from "dataloader";
import type { Postgres } from "../../foundation/postgres.js";
import type { LoaderScope } from "../host/context.js";
import { readReviews, type ReviewQuestion, type ReviewRollup } from "./reviews/read-reviews.js";
import type { RecordQuestion } from "./records/record-questions.js";
import { readSocial, type SocialMonthRow, type SocialQuestion } from "./social/read-social.js";

/** Questions of one statement; more are split. */
const BATCH_MAX = 500;

/** The request's reader of review rollups: one statement for all merchants and windows asked for at once. */
export function reviewLoader(
  loads: LoaderScope,
  postgres: Postgres,
): DataLoader<ReviewQuestion, ReviewRollup, string> {
  return loads.get(
    "signals/reviews",
    () =>
      new DataLoader(async (questions: readonly ReviewQuestion[]) => readReviews(postgres, questions), {
        maxBatchSize: BATCH_MAX,
        cacheKeyFn: (question) => JSON.stringify(question),
      }),
  );
}

/** The request's reader of social rollups, likewise. */
export function socialLoader(
  loads: LoaderScope,
  postgres: Postgres,
): DataLoader<SocialQuestion, readonly SocialMonthRow[], string> {
  return loads.get(
    "signals/social",
    () =>
      new DataLoader(async (questions: readonly SocialQuestion[]) => readSocial(postgres, questions), {
        maxBatchSize: BATCH_MAX,
        cacheKeyFn: (question) => JSON.stringify(question),
      }),
  );
}

/** Pages of one statement; more are split. */
const PAGES_MAX = 200;

/** The request's reader of one list of single records, likewise. */
export function recordLoader<Row>(
  loads: LoaderScope,
  list: string,
  read: (questions: readonly RecordQuestion[]) => Promise<readonly (readonly Row[])[]>,
): DataLoader<RecordQuestion, readonly Row[], string> {
  return loads.get(
    `signals/${list}/records`,
    () =>
      new DataLoader(read, {
        maxBatchSize: PAGES_MAX,
        cacheKeyFn: (question) => JSON.stringify(question),
      }),
  );
}
