import type { Bounds } from "./review-score.js";

/** How many weeks a trend looks back, the last one included. */
export const TREND_WEEKS = 26;
/** The least number of weeks with reviews under a trend. */
export const TREND_WEEKS_MIN = 8;

const Z95 = 1.959963984540054;
const MONDAY_DAY = 4;
const DAY_MS = 86_400_000;
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** All reviews of one week; `week` counts Mondays since 1970-01-05. */
export interface ReviewWeek {
  readonly week: number;
  readonly reviews: number;
  readonly stars: number;
}

export interface Trend {
  /** Stars a week. */
  readonly slope: number;
  readonly bounds: Bounds;
}

/** The week that holds a day (days since 1970-01-01). */
export function weekOf(day: number): number {
  return Math.floor((day - MONDAY_DAY) / 7);
}

/** The Monday of a week, in days since 1970-01-01. */
export function mondayOf(week: number): number {
  return week * 7 + MONDAY_DAY;
}

/** The Theil-Sen slope of the weekly means; weeks without reviews are left out. `undefined` with fewer than two weeks. */
export function reviewTrend(weeks: readonly ReviewWeek[]): Trend | undefined {
  const points = weeks
    .filter(({ reviews }) => reviews > 0)
    .map(({ week, reviews, stars }) => ({ x: week, y: stars / reviews }));
  return theilSen(points);
}

/**
 * The median of the slopes between all pairs of points with different x, and its 95 % interval from Kendall's variance
 * (Sen 1968, without the correction for ties). `undefined` when there is no pair.
 */
export function theilSen(points: readonly { readonly x: number; readonly y: number }[]): Trend | undefined {
  const slopes = points
    .flatMap((a, index) =>
      points
        .slice(index + 1)
        .filter((b) => b.x !== a.x)
        .map((b) => (b.y - a.y) / (b.x - a.x)),
    )
    .sort((a, b) => a - b);
  if (slopes.length === 0) return undefined;
  const at = (rank: number) => slopes[Math.min(slopes.length, Math.max(1, rank)) - 1] ?? 0;
  const middle = (slopes.length + 1) / 2;
  const n = points.length;
  const reach = Z95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return {
    slope: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    bounds: {
      low: at(Math.floor((slopes.length - reach) / 2)),
      high: at(Math.ceil((slopes.length + reach) / 2) + 1),
    },
  };
}

/**
 * The first day (`YYYY-MM-DD`) of the trend of a window that ends before the month `until`: the Monday of the 26th week back
 * from the window's last day, or from `now` when that is earlier.
 */
export function trendStart(until: string, now: Date): string {
  const end = Math.min(Date.parse(`${until}-01T00:00:00Z`), now.getTime() + SHANGHAI_OFFSET_MS + DAY_MS);
  const lastDay = Math.floor(end / DAY_MS) - 1;
  return new Date(mondayOf(weekOf(lastDay) - TREND_WEEKS + 1) * DAY_MS).toISOString().slice(0, 10);
}
