import fc from "fast-check";
import { pseudonymOf } from "../../../subgraphs/host/feeds/pseudonymize.js";
import type { Published } from "./order-story.js";
import { merchantOf, sellerOf } from "./sellers.js";
import { PSEUDONYM_KEY } from "./stage.js";

/** The field that names a record of a kind. */
export const RECORD_KEYS: Readonly<Record<string, string>> = {
  order: "orderId",
  payment: "paymentId",
  refund: "refundId",
  shipment: "shipmentId",
  settlement: "settlementId",
};
export const HOME = "taoyuan-market";
const MARKETS = [HOME, "other-market"];
const START = Date.parse("2026-03-30T00:00:00Z");

const instant = fc
  .integer({ min: 0, max: 24 * 70 })
  .map((hours) => new Date(START + hours * 3_600_000).toISOString());
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const amount = fc.integer({ min: 0, max: 400 });
const currency = fc.constantFrom(...Array.from({ length: 9 }, () => "CNY"), "USD");
const id = fc.constantFrom("1", "2", "3");
// Two shops of one merchant, and now and then another merchant's.
const seller = fc.constantFrom(0, 0, 0, 0, 0, 2, 2, 2, 2, 1);
// Few orders with many records each: most of what can go wrong is in how the records of one order meet.
const orderId = fc.constantFrom("1", "1", "1", "2");
const orderPlatform = fc.constantFrom(HOME, HOME, HOME, HOME, undefined, "other-market");
const ofOrder = { orderId, seller, orderPlatform };

/** Any record of any kind and platform, valid by schema. */
export const published = fc.oneof(
  {
    weight: 3,
    arbitrary: event("order", [HOME, HOME, HOME, "other-market"], {
      orderId,
      seller,
      buyerId: maybe(id),
      currency,
      totalMinor: amount,
      createdAt: instant,
      paidAt: maybe(instant),
      promisedShipAt: maybe(instant),
      promisedDeliveryAt: maybe(instant),
      cancelledAt: fc.oneof(fc.constant(undefined), fc.constant(undefined), instant),
      confirmedAt: maybe(instant),
      region: maybe(id),
      zone: maybe(fc.constantFrom("America/Sao_Paulo", "UTC")),
      lines: maybe(
        fc.array(fc.record({ productId: id, quantity: fc.constant(1), amountMinor: amount }), {
          maxLength: 3,
        }),
      ),
    }),
  },
  event("payment", [...MARKETS, "yinlian-pay"], {
    paymentId: id,
    ...ofOrder,
    currency,
    amountMinor: amount,
    paidAt: instant,
  }),
  event("refund", [...MARKETS, "yinlian-pay"], {
    refundId: id,
    ...ofOrder,
    type: fc.constant("REFUND_ONLY"),
    currency,
    amountMinor: amount,
    requestedAt: instant,
    refundedAt: maybe(instant),
  }),
  event("shipment", [...MARKETS, "shunda-express"], {
    shipmentId: id,
    ...ofOrder,
    trackingNumber: maybe(id),
    shippedAt: instant,
    deliveredAt: maybe(instant),
    promisedShipAt: maybe(instant),
    promisedDeliveryAt: maybe(instant),
  }),
  event("settlement", [...MARKETS, "yinlian-pay"], {
    settlementId: id,
    ...ofOrder,
    currency,
    grossMinor: amount,
    feeMinor: amount,
    chargebackMinor: maybe(amount),
    settledAt: instant,
  }),
);

function event(
  kind: string,
  platforms: readonly string[],
  fields: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Published> {
  return fc.record({
    platform: fc.constantFrom(...platforms),
    kind: fc.constant(kind),
    record: fc.record(fields),
  });
}

/** Names of this run only: each run has merchants and records of its own. Sellers 0 and 2 are the first merchant's. */
export function settle(events: readonly Published[], run: number): Published[] {
  return events.map(({ platform, kind, record: { seller: of, ...fields } }) => {
    const record = { ...fields, sellerId: sellerOf(merchantOf(run * 2 + (of % 2)), of < 2 ? "" : "-b") };
    for (const name of ["orderId", RECORD_KEYS[kind] ?? ""]) record[name] = `${run}-${fields[name]}`;
    return { platform, kind, record: JSON.parse(JSON.stringify(record)) };
  });
}

/** The newest state of each record, with the pseudonyms that the door gives. */
export function newestOf(events: readonly Published[]): Published[] {
  const newest = new Map<string, Published>();
  for (const next of events)
    newest.set(`${next.platform}|${next.kind}|${next.record[RECORD_KEYS[next.kind] ?? ""]}`, next);
  return [...newest.values()].map((next) =>
    next.record.buyerId === undefined
      ? next
      : {
          ...next,
          record: {
            ...next.record,
            buyerId: pseudonymOf(PSEUDONYM_KEY, next.platform, next.record.buyerId),
          },
        },
  );
}
