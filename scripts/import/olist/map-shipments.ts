import type { ShipmentRecord } from "../../../schema/feeds/records.js";
import { OLIST_PLATFORM, OLIST_ZONE } from "./olist-rows.js";
import type { Sale } from "./plan-sales.js";

/**
 * The parcel of a sale, or `undefined` before the carrier has it. Olist times one parcel an order, so all sellers of
 * an order share its times. The promised delivery is midnight at the start of the estimated day, as Olist writes it.
 */
export function mapShipment(sale: Sale): ShipmentRecord | undefined {
  if (sale.shippedAt === undefined) return undefined;
  return {
    platform: OLIST_PLATFORM,
    zone: OLIST_ZONE,
    shipmentId: sale.saleId,
    orderId: sale.saleId,
    sellerId: sale.sellerId,
    shippedAt: sale.shippedAt,
    ...(sale.deliveredAt === undefined ? {} : { deliveredAt: sale.deliveredAt }),
    promisedShipAt: sale.promisedShipAt,
    ...(sale.promisedDeliveryAt === undefined ? {} : { promisedDeliveryAt: sale.promisedDeliveryAt }),
  };
}
