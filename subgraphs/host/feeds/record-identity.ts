import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type {
  AccountRecord,
  FeedRecord,
  FeedRecords,
  OrderRecord,
  PaymentRecord,
  RefundRecord,
  ReviewRecord,
  SettlementRecord,
  ShipmentRecord,
  SocialRecord,
} from "../../../schema/feeds/records.js";

interface Identity<K extends FeedKind> {
  /** What makes two records of a platform the same record. */
  key(record: FeedRecords[K]): string;
  /** The instant (RFC 3339) at which the seller account's link decides the merchant. */
  at(record: FeedRecords[K]): string;
}

const IDENTITIES: { readonly [K in FeedKind]: Identity<K> } = {
  account: { key: accountKey, at: (record: AccountRecord) => record.openedAt },
  order: { key: (record: OrderRecord) => record.orderId, at: (record) => record.createdAt },
  payment: { key: (record: PaymentRecord) => record.paymentId, at: (record) => record.paidAt },
  refund: { key: (record: RefundRecord) => record.refundId, at: (record) => record.requestedAt },
  shipment: { key: (record: ShipmentRecord) => record.shipmentId, at: (record) => record.shippedAt },
  settlement: { key: (record: SettlementRecord) => record.settlementId, at: (record) => record.settledAt },
  review: {
    key: (record: ReviewRecord) => `${escapePart(record.reviewId)}/${record.orderId ?? ""}`,
    at: (record) => record.createdAt,
  },
  // A day belongs to whoever held the account at its end, by the UTC calendar.
  social: { key: (record: SocialRecord) => record.recordId, at: (record) => `${record.date}T23:59:59Z` },
};

/** The key of a record within its platform and kind; at most 400 characters. */
export function recordKey<K extends FeedKind>(kind: K, record: FeedRecords[K]): string {
  return (IDENTITIES[kind] as Identity<K>).key(record);
}

/** When the record happened, for finding the merchant: RFC 3339. */
export function recordInstant<K extends FeedKind>(kind: K, record: FeedRecords[K]): string {
  return (IDENTITIES[kind] as Identity<K>).at(record);
}

/** The merchant that a record names itself; only account records do. */
export function ownMerchant(kind: FeedKind, record: FeedRecord): string | undefined {
  return kind === "account" ? (record as AccountRecord).merchantId : undefined;
}

/** One owner at a time per seller account; the other roles (operator, agent, beneficiary) are links of their own. */
function accountKey(record: AccountRecord): string {
  const seller = escapePart(record.sellerId);
  const role = record.role ?? "OWNER";
  return role === "OWNER" ? seller : `${seller}/${role}/${record.merchantId}`;
}

/** Keeps a composed key injective: `a/b` + `c` must not meet `a` + `b/c`. */
function escapePart(part: string): string {
  return part.replaceAll("%", "%25").replaceAll("/", "%2F");
}
