import account from "./account.schema.json" with { type: "json" };
import type { FeedKind } from "./kinds.js";
import order from "./order.schema.json" with { type: "json" };
import payment from "./payment.schema.json" with { type: "json" };
import refund from "./refund.schema.json" with { type: "json" };
import review from "./review.schema.json" with { type: "json" };
import settlement from "./settlement.schema.json" with { type: "json" };
import shipment from "./shipment.schema.json" with { type: "json" };
import social from "./social.schema.json" with { type: "json" };

/** What every feed schema has, beside the keywords of JSON Schema draft 2020-12. */
export interface FeedSchema {
  readonly $schema: string;
  readonly $id: string;
  readonly title: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, object>>;
  /** Whole records; each validates. */
  readonly examples: readonly object[];
}

/** The JSON Schema of one line of each kind of feed; `GET /feeds/{kind}/schema` serves it as it is. */
export const FEED_SCHEMAS: Readonly<Record<FeedKind, FeedSchema>> = {
  account,
  order,
  payment,
  refund,
  shipment,
  settlement,
  review,
  social,
};
