/** The kinds of data a consent can open (信息类别). The order is the order of display. */
export const CATEGORIES = [
  "IDENTITY",
  "TRANSACTIONS",
  "SETTLEMENTS",
  "LOGISTICS",
  "REVIEWS",
  "SOCIAL",
  "FINANCING",
  "ASSESSMENT",
] as const;

/** One kind of data that a consent can open. */
export type Category = (typeof CATEGORIES)[number];

/**
 * How closely a consent lets a category be read: figures about many records, or the records themselves as well. Each
 * level includes the ones before it.
 */
export const LEVELS = ["SUMMARY", "RECORDS"] as const;
export type Level = (typeof LEVELS)[number];

/** True when `value` is one of {@link CATEGORIES}; exact spelling, case-sensitive. */
export function isCategory(value: unknown): value is Category {
  return typeof value === "string" && (CATEGORIES as readonly string[]).includes(value);
}
