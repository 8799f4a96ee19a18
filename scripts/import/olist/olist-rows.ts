/** Rows of the Olist tables as the import uses them: times are local text of Sao Paulo, amounts minor units of BRL. */
export const OLIST_PLATFORM = "olist";
export const OLIST_ZONE = "America/Sao_Paulo";
export const OLIST_CURRENCY = "BRL";

export interface OlistOrder {
  readonly orderId: string;
  /** Absent in the all-status table. */
  readonly customerId: string | undefined;
  readonly status: string;
  readonly purchasedAt: string | undefined;
  readonly approvedAt: string | undefined;
  /** When the carrier took it. */
  readonly shippedAt: string | undefined;
  readonly deliveredAt: string | undefined;
  /** The promised day, as its midnight. */
  readonly estimatedAt: string | undefined;
}

export interface OlistItem {
  readonly orderId: string;
  /** 1-based within the order. */
  readonly itemNumber: number;
  readonly productId: string;
  readonly sellerId: string;
  readonly shippingLimitAt: string;
  readonly priceMinor: number;
  readonly freightMinor: number;
}

export interface OlistPayment {
  readonly orderId: string;
  /** 1-based within the order. */
  readonly sequence: number;
  readonly method: string;
  readonly amountMinor: number;
}

export interface OlistReview {
  readonly reviewId: string;
  readonly orderId: string;
  readonly score: number;
  readonly title: string;
  readonly message: string;
  /** When the buyer answered the survey; `review_creation_date` is only the day it was sent. */
  readonly answeredAt: string;
}

export interface OlistSeller {
  readonly sellerId: string;
  readonly city: string;
  readonly state: string;
}

export interface OlistCustomer {
  /** The person: `customer_id` is a new one with every order. */
  readonly uniqueId: string;
  readonly state: string;
}

export interface OlistTables {
  readonly orders: readonly OlistOrder[];
  readonly items: readonly OlistItem[];
  readonly payments: readonly OlistPayment[];
  readonly reviews: readonly OlistReview[];
  readonly sellers: readonly OlistSeller[];
  /** By `customer_id`. */
  readonly customers: ReadonlyMap<string, OlistCustomer>;
  /** Category by product, in English where the translation table knows it. */
  readonly categories: ReadonlyMap<string, string>;
  /** Tables that the folder does not have, and what that means; for the person who runs the import. */
  readonly notes: readonly string[];
}
