/** Numbers of reviews with 1, 2, 3, 4 and 5 stars. Reviews that were deleted later count: a deletion must not polish a score. */
export type Stars = readonly [number, number, number, number, number];

/** What a platform's reviews look like over all merchants. */
export interface PlatformPrior {
  readonly platform: string;
  readonly merchants: number;
  readonly reviews: number;
  readonly stars: number;
}

/** How many reviews of prior knowledge a score starts with (C). */
export const PRIOR_WEIGHT = 50;
/** The prior mean where a platform has fewer than 10 merchants: too few to speak of without telling of one of them. */
export const PRIOR_DEFAULT = 4;
const PRIOR_MERCHANTS_MIN = 10;

/** The 0.975 quantile of the standard normal: two-sided 95 %. */
const Z95 = 1.959963984540054;

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export function countOf(stars: Stars): number {
  return stars.reduce((sum, count) => sum + count, 0);
}

/** Sum of all stars given. */
export function sumOf(stars: Stars): number {
  return stars.reduce((sum, count, index) => sum + count * (index + 1), 0);
}

/** The mean that a platform's reviews have. */
export function priorMean(prior: PlatformPrior | undefined): number {
  if (prior === undefined || prior.merchants < PRIOR_MERCHANTS_MIN || prior.reviews <= 0)
    return PRIOR_DEFAULT;
  return prior.stars / prior.reviews;
}

/**
 * (C m + sum r) / (C + n). With several platforms, m is the mean of their priors, each weighted by the merchant's own reviews
 * there. Without reviews the default prior.
 */
export function reviewScoreBayes(
  byPlatform: ReadonlyMap<string, Stars>,
  priors: readonly PlatformPrior[],
): number {
  const known = new Map(priors.map((prior) => [prior.platform, prior]));
  let reviews = 0;
  let stars = 0;
  let prior = 0;
  for (const [platform, counts] of byPlatform) {
    reviews += countOf(counts);
    stars += sumOf(counts);
    prior += countOf(counts) * priorMean(known.get(platform));
  }
  const mean = reviews === 0 ? PRIOR_DEFAULT : prior / reviews;
  return (PRIOR_WEIGHT * mean + stars) / (PRIOR_WEIGHT + reviews);
}

/** The share of reviews with one or two stars; 0 without reviews. */
export function negativeShare(stars: Stars): { readonly share: number; readonly bounds: Bounds } {
  const total = countOf(stars);
  const negative = stars[0] + stars[1];
  return { share: total === 0 ? 0 : negative / total, bounds: wilsonInterval(negative, total) };
}

/** The Wilson score interval of 95 % of a share, without continuity correction; 0 to 1 without trials. */
export function wilsonInterval(successes: number, trials: number): Bounds {
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const spread = Z95 ** 2 / trials;
  const center = (share + spread / 2) / (1 + spread);
  const half = (Z95 / (1 + spread)) * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials));
  return { low: Math.max(0, center - half), high: Math.min(1, center + half) };
}
