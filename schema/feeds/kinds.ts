/** Feed kinds, and the subgraph that owns each. */
export const FEED_KINDS = [
  "account",
  "order",
  "payment",
  "refund",
  "shipment",
  "settlement",
  "review",
  "social",
] as const;
export type FeedKind = (typeof FEED_KINDS)[number];

/** True when `value` names a kind of feed. */
export function isFeedKind(value: unknown): value is FeedKind {
  return typeof value === "string" && (FEED_KINDS as readonly string[]).includes(value);
}
