import type { Metric } from "../../host/metric-types.js";
import { type Frame, sumOf } from "./frame.js";
import { onSales } from "./ground.js";
import { rate } from "./rate.js";

const ROLES = ["order", "shipment"] as const;

/** Orders shipped by the promised instant / shipped orders with a promise. */
export function onTimeShipRate(frame: Frame): Metric {
  const n = sumOf(frame.rows, "shipPromisedOrders");
  return rate(frame, sumOf(frame.rows, "shipOnTimeOrders"), onSales("onTimeShipRate/1", n, { roles: ROLES }));
}

/** Orders shipped after the promised instant / shipped orders with a promise. */
export function lateShipmentRate(frame: Frame): Metric {
  const n = sumOf(frame.rows, "shipPromisedOrders");
  return rate(
    frame,
    n - sumOf(frame.rows, "shipOnTimeOrders"),
    onSales("lateShipmentRate/1", n, { roles: ROLES }),
  );
}

/** Orders delivered by the promised instant / delivered orders with a promise. */
export function onTimeDeliveryRate(frame: Frame): Metric {
  const n = sumOf(frame.rows, "deliveryPromisedOrders");
  return rate(
    frame,
    sumOf(frame.rows, "deliveryOnTimeOrders"),
    onSales("onTimeDeliveryRate/1", n, { roles: ROLES }),
  );
}

/** Shipped orders with a tracking number and a scan (a delivery, or a carrier's own record) / shipped orders. */
export function validTrackingRate(frame: Frame): Metric {
  const n = sumOf(frame.rows, "shippedOrders");
  return rate(frame, sumOf(frame.rows, "trackedOrders"), onSales("validTrackingRate/1", n, { roles: ROLES }));
}
