/**
 * What an operation costs, before it runs: each field of the answer weighs something, and a list counts as often as it can
 * be long. The unit is one value of an answer; a mutation or a query of a room weighs what it does besides answering.
 * Kept beside the schema and not in it: the weights are the bureau's and not the graph's, and a list without a size is
 * refused when the supergraph is composed and again when a gateway starts.
 */

/** What a field weighs that no table names: one value of the answer. */
export const FIELD_WEIGHT = 1;

/** Fields that do something before there is a value: they ask the ledger, the record, the rollups, or they change a thing. */
export const ROOT_WEIGHTS: Readonly<Record<"Query" | "Mutation", number>> = { Query: 10, Mutation: 100 };

/** Fields that weigh more than the values below them. */
export const FIELD_WEIGHTS: Readonly<Record<string, number>> = {
  "Merchant.identity": 5,
  "Merchant.transactions": 20,
  "Merchant.settlements": 20,
  "Merchant.logistics": 10,
  "Merchant.reviews": 10,
  "Merchant.social": 10,
};

/** Objects that cost something each: a merchant is an inquiry, decided, counted and recorded. */
export const OBJECT_WEIGHTS: Readonly<Record<string, number>> = { Merchant: 10 };

/** `__schema` and `__type`, where the operator opens introspection: bounded by validation, the same for everybody. */
export const INTROSPECTION_WEIGHT = 10_000;

/**
 * How many entries a list can have.
 * - `most`: never more than so many;
 * - `argument`: as many as the field's own list argument has, `most` where it is absent;
 * - `perMonth`: so many for each month of the window asked for; `perCurrency` multiplies where no currency is named.
 * A list called `nodes` needs no line: it is as long as the nearest `first` above it asks.
 */
export type ListSize =
  | { readonly most: number; readonly argument?: string; readonly perCurrency?: true }
  | { readonly perMonth: number; readonly perCurrency?: true };

/** Entries of a page whose `first` is absent or makes no sense; such a page is refused or cut by the room that serves it. */
export const PAGE_SIZE = 100;
/** Months of a window that names none, and the most that a window can hold. */
export const WINDOW_MONTHS = { default: 12, most: 60 } as const;
/** Currencies in which one merchant sells, where the operation names none. */
export const CURRENCIES = 4;
/** Platforms on which one merchant sells. */
const PLATFORMS = 20;

/** Every list of objects in the graph, by coordinate. */
export const LIST_SIZES: Readonly<Record<string, ListSize>> = {
  "Query.merchants": { argument: "inquiries", most: 100 },
  "Identity.accounts": { most: 500 },
  "Transactions.seasonalityIndex": { most: 12 },
  "Transactions.months": { perMonth: 1, perCurrency: true },
  "Transactions.platforms": { most: PLATFORMS, perCurrency: true },
  "Transactions.concentration": { most: 4 },
  "Settlements.receivables": { most: 4 },
  "Reviews.platforms": { most: PLATFORMS },
  "Reviews.months": { perMonth: 1 },
  "Social.channels": { most: 2 * PLATFORMS },
  "Social.months": { perMonth: 1 },
  "Social.buyerTraits": { most: 2 * PLATFORMS },
  "BuyerTraits.buckets": { most: 50 },
  "Consent.events": { most: 50 },
  "Consent.accounts": { most: 20 },
  "Consent.cuts": { most: 10 },
  "ConsentRequest.accounts": { most: 20 },
  "ConsentRequest.cuts": { most: 10 },
  "Query.signatories": { most: 20 },
  "Inquiry.rules": { most: 20 },
};
