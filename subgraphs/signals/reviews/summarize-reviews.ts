import type { MonthRange } from "../../../schema/claims.js";
import type { Metric } from "../../host/metric-types.js";
import { SAMPLE_MIN } from "../../host/metric-types.js";
import { monthsIn } from "../../host/window.js";
import { type Finding, type Ground, metricOf } from "../metric.js";
import type { ReviewMonth, ReviewPlatform, Reviews } from "../review-types.js";
import type { ReviewMonthRow, ReviewRollup } from "./read-reviews.js";
import { replyQuantile } from "./reply-sketch.js";
import {
  countOf,
  negativeShare,
  type PlatformPrior,
  reviewScoreBayes,
  type Stars,
  sumOf,
} from "./review-score.js";
import { reviewTrend, TREND_WEEKS_MIN } from "./review-trend.js";

const SECONDS_PER_HOUR = 3_600;

/** The answer for one merchant and window. Windows select reviews by the day they were written (CASH). */
export function summarizeReviews(
  rollup: ReviewRollup,
  window: MonthRange,
  asOf: Date,
): Omit<Reviews, "bounds"> {
  const ground = groundOf(rollup.months, window, asOf);
  const byPlatform = starsByPlatform(rollup.months);
  const stars = addAll([...byPlatform.values()]);
  return {
    window: { from: window.from, until: window.until },
    ...countMetrics(ground, rollup.months, { byPlatform, stars, priors: rollup.priors }),
    reviewTrend: trendMetric(ground, rollup),
    reviewReplyMedianHours: replyMetric(ground, rollup),
    platforms: [...byPlatform].map(([platform, own]) => {
      const rows = rollup.months.filter((row) => row.platform === platform);
      return platformOf(groundOf(rows, window, asOf), rows, { platform, stars: own, priors: rollup.priors });
    }),
    months: monthsIn(window).map((month) =>
      monthRow(
        month,
        rollup.months.filter((row) => row.month === month),
      ),
    ),
  };
}

function groundOf(rows: readonly ReviewMonthRow[], window: MonthRange, asOf: Date): Ground {
  return {
    window,
    asOf,
    months: new Set(rows.map(({ month }) => month)),
    platforms: new Set(rows.map(({ platform }) => platform)),
  };
}

function starsByPlatform(rows: readonly ReviewMonthRow[]): ReadonlyMap<string, Stars> {
  const byPlatform = new Map<string, Stars>();
  for (const row of rows)
    byPlatform.set(row.platform, addAll([byPlatform.get(row.platform) ?? NO_STARS, starsOf(row)]));
  return byPlatform;
}

interface Counted {
  readonly byPlatform: ReadonlyMap<string, Stars>;
  readonly stars: Stars;
  readonly priors: readonly PlatformPrior[];
}

type CountMetrics = Pick<
  ReviewPlatform,
  "reviewCount" | "reviewScoreBayes" | "negativeShare" | "reviewDeletedCount"
>;

function countMetrics(
  ground: Ground,
  rows: readonly ReviewMonthRow[],
  { byPlatform, stars, priors }: Counted,
): CountMetrics {
  const n = countOf(stars);
  const negative = negativeShare(stars);
  const cash = (finding: Omit<Finding, "basis" | "n">) => metricOf(ground, { ...finding, basis: "CASH", n });
  return {
    reviewCount: cash({ formula: "reviewCount/1", unit: "review", value: n }),
    reviewScoreBayes: cash({
      formula: "reviewScoreBayes/1",
      unit: "star",
      value: reviewScoreBayes(byPlatform, priors),
      isSampled: true,
    }),
    negativeShare: cash({
      formula: "negativeShare/1",
      unit: "share",
      value: negative.share,
      confidence: negative.bounds,
      isSampled: true,
    }),
    reviewDeletedCount: cash({
      formula: "reviewDeletedCount/1",
      unit: "review",
      value: rows.reduce((sum, { deleted }) => sum + deleted, 0),
    }),
  };
}

function platformOf(
  ground: Ground,
  rows: readonly ReviewMonthRow[],
  { platform, stars, priors }: { platform: string; stars: Stars; priors: readonly PlatformPrior[] },
): ReviewPlatform {
  return {
    platform,
    stars: [...stars],
    ...countMetrics(ground, rows, { byPlatform: new Map([[platform, stars]]), stars, priors }),
  };
}

function trendMetric(ground: Ground, { weeks }: ReviewRollup): Metric {
  const used = weeks.filter(({ reviews }) => reviews > 0);
  const trend = reviewTrend(used);
  return metricOf(ground, {
    formula: "reviewTrend/1",
    unit: "star/week",
    basis: "CASH",
    isSampled: true,
    n: used.reduce((sum, { reviews }) => sum + reviews, 0),
    value: trend?.slope ?? null,
    confidence: trend?.bounds,
    ...(used.length < TREND_WEEKS_MIN ? { reason: "INSUFFICIENT_HISTORY" as const } : {}),
  });
}

function replyMetric(ground: Ground, { replies }: ReviewRollup): Metric {
  const seconds = replyQuantile(replies, 0.5);
  return metricOf(ground, {
    formula: "reviewReplyMedianHours/1",
    unit: "hour",
    basis: "CASH",
    isSampled: true,
    n: replies.reduce((sum, { count }) => sum + count, 0),
    value: seconds === undefined ? null : seconds / SECONDS_PER_HOUR,
  });
}

function monthRow(month: string, rows: readonly ReviewMonthRow[]): ReviewMonth {
  const stars = addAll(rows.map(starsOf));
  const count = countOf(stars);
  return {
    month,
    count,
    stars: [...stars],
    mean: count < SAMPLE_MIN ? null : sumOf(stars) / count,
    negative: stars[0] + stars[1],
    replied: rows.reduce((sum, { replied }) => sum + replied, 0),
    deleted: rows.reduce((sum, { deleted }) => sum + deleted, 0),
  };
}

const NO_STARS: Stars = [0, 0, 0, 0, 0];

function starsOf({ stars1, stars2, stars3, stars4, stars5 }: ReviewMonthRow): Stars {
  return [stars1, stars2, stars3, stars4, stars5];
}

function addAll(all: readonly Stars[]): Stars {
  return all.reduce<Stars>(
    (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]],
    NO_STARS,
  );
}
