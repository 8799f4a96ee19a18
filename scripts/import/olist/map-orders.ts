import type { OrderLine, OrderRecord, PaymentRecord } from "../../../schema/feeds/records.js";
import { sum } from "../dataset/minor-units.js";
import { OLIST_CURRENCY, OLIST_PLATFORM, OLIST_ZONE, type OlistTables } from "./olist-rows.js";
import type { Sale } from "./plan-sales.js";

/** One order record a sale. `totalMinor` is price and freight; lines carry the price alone. */
export function mapOrder(sale: Sale, tables: OlistTables): OrderRecord {
  const customer =
    sale.order.customerId === undefined ? undefined : tables.customers.get(sale.order.customerId);
  return {
    platform: OLIST_PLATFORM,
    zone: OLIST_ZONE,
    orderId: sale.saleId,
    sellerId: sale.sellerId,
    ...(customer === undefined ? {} : { buyerId: customer.uniqueId, region: customer.state }),
    currency: OLIST_CURRENCY,
    totalMinor: sale.totalMinor,
    createdAt: sale.createdAt,
    ...(sale.paidAt === undefined
      ? {}
      : { paidAt: sale.paidAt, paidMinor: sum(sale.payments.map((part) => part.amountMinor)) }),
    promisedShipAt: sale.promisedShipAt,
    ...(sale.promisedDeliveryAt === undefined ? {} : { promisedDeliveryAt: sale.promisedDeliveryAt }),
    ...(sale.cancelledAt === undefined ? {} : { cancelledAt: sale.cancelledAt }),
    lines: mapLines(sale, tables),
  };
}

/** Olist writes one row a piece: pieces of one product become one line. */
function mapLines(sale: Sale, tables: OlistTables): OrderLine[] {
  const lines = new Map<string, OrderLine>();
  for (const item of sale.items) {
    const line = lines.get(item.productId);
    const category = tables.categories.get(item.productId);
    lines.set(item.productId, {
      productId: item.productId,
      ...(category === undefined ? {} : { category }),
      quantity: (line?.quantity ?? 0) + 1,
      amountMinor: (line?.amountMinor ?? 0) + item.priceMinor,
    });
  }
  return [...lines.values()];
}

/** The seller's parts of the order's payments. Olist times no payment: the order's approval stands for all. */
export function mapPayments(sale: Sale): PaymentRecord[] {
  const { paidAt } = sale;
  if (paidAt === undefined) return [];
  return sale.payments.map((payment) => ({
    platform: OLIST_PLATFORM,
    zone: OLIST_ZONE,
    paymentId: `${sale.saleId}.${payment.sequence}`,
    orderId: sale.saleId,
    sellerId: sale.sellerId,
    method: payment.method,
    currency: OLIST_CURRENCY,
    amountMinor: payment.amountMinor,
    paidAt,
  }));
}
