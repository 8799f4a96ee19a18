import { BureauError } from "../../schema/errors.js";
import type { BudgetName, Quota } from "./budgets.js";

/**
 * Units of the budgets (`qu`). `requests` is the draft's own and its default; what an operation costs has no registered unit.
 */
const UNITS: Readonly<Record<BudgetName, string>> = {
  requests: "requests",
  cost: "xinqiao-cost",
  "feed-requests": "requests",
};

/**
 * `RateLimit-Policy` and `RateLimit` as lists of structured fields (RFC 9651), one item a budget
 * (draft-ietf-httpapi-ratelimit-headers, sections 3 and 4). While Redis is away `q` is this gateway's own share, which is
 * what a client must keep to.
 */
export function rateLimitHeaders(quotas: readonly Quota[]): readonly (readonly [string, string])[] {
  if (quotas.length === 0) return [];
  const policies = quotas.map(
    ({ budget, limit, windowSeconds }) => `"${budget}";q=${limit};w=${windowSeconds};qu="${UNITS[budget]}"`,
  );
  const limits = quotas.map(
    ({ budget, remaining, resetsInSeconds }) => `"${budget}";r=${remaining};t=${resetsInSeconds}`,
  );
  return [
    ["ratelimit-policy", policies.join(", ")],
    ["ratelimit", limits.join(", ")],
  ];
}

/** The refusal of a spent budget. `Retry-After` never lies before the budget's own end. */
export function rateLimited({ budget, limit, resetsInSeconds }: Quota): BureauError {
  return new BureauError("RATE_LIMITED", budget, {
    facts: { budget, limit, retryAfterSeconds: Math.max(1, resetsInSeconds) },
  });
}
