import type {
  AccountRecord,
  OrderRecord,
  PaymentRecord,
  ReviewRecord,
  ShipmentRecord,
} from "../../../schema/feeds/records.js";
import { mapAccounts } from "./map-accounts.js";
import { mapOrder, mapPayments } from "./map-orders.js";
import { mapReview } from "./map-reviews.js";
import { mapShipment } from "./map-shipments.js";
import { allSales, type SalesPlan } from "./plan-sales.js";

/** The feeds in the order in which they are to be published: an account comes before whatever names it. */
export const OLIST_KINDS = ["account", "order", "payment", "shipment", "review"] as const;
export type OlistKind = (typeof OLIST_KINDS)[number];

/** Records made on the way, the same at every call. */
export interface OlistRecords {
  readonly account: () => Iterable<AccountRecord>;
  readonly order: () => Iterable<OrderRecord>;
  readonly payment: () => Iterable<PaymentRecord>;
  readonly shipment: () => Iterable<ShipmentRecord>;
  readonly review: () => Iterable<ReviewRecord>;
}

export function olistRecords(plan: SalesPlan): OlistRecords {
  return {
    account: () => mapAccounts(plan),
    *order() {
      for (const sale of allSales(plan)) yield mapOrder(sale, plan.tables);
    },
    *payment() {
      for (const sale of allSales(plan)) yield* mapPayments(sale);
    },
    *shipment() {
      for (const sale of allSales(plan)) {
        const shipment = mapShipment(sale);
        if (shipment !== undefined) yield shipment;
      }
    },
    *review() {
      for (const review of plan.tables.reviews) yield* mapReview(review, plan);
    },
  };
}
