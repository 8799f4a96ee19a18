import type {
  AccountRecord,
  OrderRecord,
  PaymentRecord,
  RefundRecord,
} from "../../../schema/feeds/records.js";
import { createLocalTime } from "../dataset/local-time.js";
import { syntheticUscc } from "../dataset/synthetic-uscc.js";
import { TMALL_CURRENCY, TMALL_PLATFORM, TMALL_ZONE, type TmallOrder } from "./tmall-rows.js";

/** The report is of one shop and names it nowhere. */
export const TMALL_SELLER = "tmall-shop-1";
export const TMALL_MERCHANT = syntheticUscc(`${TMALL_PLATFORM}/${TMALL_SELLER}`);

const BASE = { platform: TMALL_PLATFORM, zone: TMALL_ZONE, sellerId: TMALL_SELLER } as const;
const { instantOf } = createLocalTime(TMALL_ZONE);

/** The shop's account, opened by the first that is known of it. @throws RangeError without orders */
export function mapTmallAccount(orders: readonly TmallOrder[]): AccountRecord {
  const [first] = orders.map((order) => order.createdAt).sort();
  if (first === undefined) throw new RangeError("the report has no orders");
  return {
    ...BASE,
    merchantId: TMALL_MERCHANT,
    legalName: "Tmall shop 1",
    role: "OWNER",
    openedAt: instantOf(first),
    platformKind: "MARKETPLACE",
    evidence: ["PLATFORM_ATTESTATION"],
  };
}

/** Paid is the total: what the report calls actually paid is the rest after the refund. */
export function mapTmallOrder(order: TmallOrder): OrderRecord {
  return {
    ...BASE,
    orderId: order.orderId,
    currency: TMALL_CURRENCY,
    totalMinor: order.totalMinor,
    createdAt: instantOf(order.createdAt),
    ...(order.paidAt === undefined ? {} : { paidAt: instantOf(order.paidAt), paidMinor: order.totalMinor }),
    ...(order.region === "" ? {} : { region: order.region }),
  };
}

/** `undefined` for an unpaid order. */
export function mapTmallPayment(order: TmallOrder): PaymentRecord | undefined {
  if (order.paidAt === undefined) return undefined;
  return {
    ...BASE,
    paymentId: order.orderId,
    orderId: order.orderId,
    currency: TMALL_CURRENCY,
    amountMinor: order.totalMinor,
    paidAt: instantOf(order.paidAt),
  };
}

/**
 * `undefined` where nothing was refunded. The report says neither when nor why, nor whether goods came back: the
 * payment's instant stands for both times, which is exact by cohort and a lower bound by event date.
 */
export function mapTmallRefund(order: TmallOrder): RefundRecord | undefined {
  if (order.refundMinor === 0 || order.paidAt === undefined) return undefined;
  const at = instantOf(order.paidAt);
  return {
    ...BASE,
    refundId: order.orderId,
    orderId: order.orderId,
    type: "REFUND_ONLY",
    currency: TMALL_CURRENCY,
    amountMinor: order.refundMinor,
    requestedAt: at,
    refundedAt: at,
  };
}

export interface TmallRecords {
  readonly account: readonly AccountRecord[];
  readonly order: readonly OrderRecord[];
  readonly payment: readonly PaymentRecord[];
  readonly refund: readonly RefundRecord[];
}

/** All records of a report. @throws RangeError without orders */
export function mapTmall(orders: readonly TmallOrder[]): TmallRecords {
  return {
    account: [mapTmallAccount(orders)],
    order: orders.map(mapTmallOrder),
    payment: orders.map(mapTmallPayment).filter((record) => record !== undefined),
    refund: orders.map(mapTmallRefund).filter((record) => record !== undefined),
  };
}
