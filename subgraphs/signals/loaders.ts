import DataLoader from "dataloader";
import type { Postgres } from "../../foundation/postgres.js";
import type { LoaderScope } from "../host/context.js";
import { readReviews, type ReviewQuestion, type ReviewRollup } from "./reviews/read-reviews.js";
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
