import type { FeedKind } from "./kinds.js";

export const ACCOUNT_ROLES = ["OWNER", "OPERATOR", "AGENT", "BENEFICIARY"] as const;
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

export const PLATFORM_KINDS = [
  "MARKETPLACE",
  "PAYMENT",
  "CARRIER",
  "REVIEW",
  "SOCIAL",
  "LENDER",
  "CROWDFUNDING",
  "CORE_ENTERPRISE",
] as const;
export type PlatformKind = (typeof PLATFORM_KINDS)[number];

/** What a link rests on, best first; `NAME_ONLY` alone never joins. */
export const LINK_EVIDENCE = [
  "PLATFORM_ATTESTATION",
  "LICENCE",
  "PAYOUT_NAME",
  "REGISTRY",
  "DOMAIN",
  "NAME_ONLY",
] as const;
export type LinkEvidence = (typeof LINK_EVIDENCE)[number];

export const REFUND_TYPES = ["REFUND_ONLY", "RETURN_AND_REFUND", "EXCHANGE"] as const;
export type RefundType = (typeof REFUND_TYPES)[number];

export const REFUND_REASONS = [
  "QUALITY",
  "NOT_AS_DESCRIBED",
  "NOT_RECEIVED",
  "CHANGED_MIND",
  "OTHER",
] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/** The IANA zone that decides a record's day when it names none. */
export const DEFAULT_ZONE = "Asia/Shanghai";

/**
 * What every record may carry. Instants are RFC 3339 text, amounts integer minor units (`...Minor`) of `currency`.
 * Records are kept as published: defaults are the reader's to apply; `platform` is dropped at the door.
 */
interface FeedRecordBase {
  readonly platform?: string;
  readonly zone?: string;
  readonly sellerId: string;
}

/** A record that speaks of an order; `orderPlatform` defaults to the publisher. */
interface OfOrder extends FeedRecordBase {
  readonly orderId: string;
  readonly orderPlatform?: string;
}

export interface AccountRecord extends FeedRecordBase {
  readonly merchantId: string;
  readonly legalName: string;
  readonly accountName?: string;
  readonly shopId?: string;
  /** Default `OWNER`. */
  readonly role?: AccountRole;
  readonly openedAt: string;
  /** Default `openedAt`. */
  readonly validFrom?: string;
  /** Exclusive; absent is open-ended. */
  readonly validTo?: string;
  readonly region?: string;
  readonly category?: string;
  /** Default `MARKETPLACE`. */
  readonly platformKind?: PlatformKind;
  /** Default `["PLATFORM_ATTESTATION"]`. */
  readonly evidence?: readonly LinkEvidence[];
}

export interface OrderLine {
  readonly productId: string;
  readonly category?: string;
  readonly quantity: number;
  readonly amountMinor: number;
}

export interface OrderRecord extends FeedRecordBase {
  readonly orderId: string;
  /** A pseudonym of 32 hexadecimal digits once past the door. */
  readonly buyerId?: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly createdAt: string;
  readonly paidAt?: string;
  /** Default `totalMinor` when `paidAt` is given; never without `paidAt`. */
  readonly paidMinor?: number;
  readonly promisedShipAt?: string;
  readonly promisedDeliveryAt?: string;
  readonly cancelledAt?: string;
  readonly confirmedAt?: string;
  readonly region?: string;
  readonly channel?: string;
  readonly lines?: readonly OrderLine[];
}

export interface PaymentRecord extends OfOrder {
  readonly paymentId: string;
  readonly method?: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly paidAt: string;
}

export interface RefundRecord extends OfOrder {
  readonly refundId: string;
  readonly type: RefundType;
  /** Default `OTHER`. */
  readonly reason?: RefundReason;
  readonly currency: string;
  readonly amountMinor: number;
  readonly requestedAt: string;
  /** Absent: pending, not counted. */
  readonly refundedAt?: string;
}

export interface ShipmentRecord extends OfOrder {
  readonly shipmentId: string;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly shippedAt: string;
  readonly deliveredAt?: string;
  readonly promisedShipAt?: string;
  readonly promisedDeliveryAt?: string;
}

export interface SettlementRecord extends OfOrder {
  readonly settlementId: string;
  readonly currency: string;
  readonly grossMinor: number;
  readonly feeMinor: number;
  /** Default 0. */
  readonly chargebackMinor?: number;
  readonly settledAt: string;
}

export interface ReviewRecord extends FeedRecordBase {
  readonly reviewId: string;
  readonly orderId?: string;
  readonly productId?: string;
  /** A pseudonym of 32 hexadecimal digits once past the door. */
  readonly buyerId?: string;
  /** 1 to 5. */
  readonly rating: number;
  /** Kept apart: the raw record is stored without it. */
  readonly text?: string;
  readonly createdAt: string;
  readonly repliedAt?: string;
  readonly deletedAt?: string;
}

export interface BuyerTrait {
  readonly trait: string;
  readonly bucket: string;
  readonly count: number;
}

export interface SocialRecord extends FeedRecordBase {
  readonly recordId: string;
  readonly channel: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly followers: number;
  /** This and the next four: default 0. */
  readonly posts?: number;
  readonly views?: number;
  readonly likes?: number;
  readonly comments?: number;
  readonly shares?: number;
  readonly buyerTraits?: readonly BuyerTrait[];
}

/** The record type of each kind. */
export interface FeedRecords {
  readonly account: AccountRecord;
  readonly order: OrderRecord;
  readonly payment: PaymentRecord;
  readonly refund: RefundRecord;
  readonly shipment: ShipmentRecord;
  readonly settlement: SettlementRecord;
  readonly review: ReviewRecord;
  readonly social: SocialRecord;
}

/** A record of the given kind; of any kind by default. */
export type FeedRecord<K extends FeedKind = FeedKind> = FeedRecords[K];
