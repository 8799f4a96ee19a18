import type { DurationMetric } from "../../host/metric-types.js";
import type { SketchMeasure } from "../facts/month-sums.js";
import type { Quantiles, SourceRow } from "../load/rows.js";
import type { Frame } from "./frame.js";
import { durationMetric, onSales } from "./ground.js";

/** One step of an order's way from payment to payout. */
export type LeadTime = Exclude<SketchMeasure, "ORDER_VALUE">;

const STEPS: Readonly<Record<LeadTime, { formula: string; roles: readonly SourceRow["role"][] }>> = {
  PAY_TO_SHIP: { formula: "payToShip/1", roles: ["order", "payment", "shipment"] },
  SHIP_TO_DELIVER: { formula: "shipToDeliver/1", roles: ["shipment"] },
  DELIVER_TO_CONFIRM: { formula: "deliverToConfirm/1", roles: ["order", "shipment"] },
  CONFIRM_TO_SETTLE: { formula: "confirmToSettle/1", roles: ["order", "settlement"] },
};

/** How long the step takes, over orders paid in the window that took it; steps that run backwards are left out. */
export function leadTime(frame: Frame, quantiles: readonly Quantiles[], step: LeadTime): DurationMetric {
  const found = quantiles.find(({ measure }) => measure === step);
  const { formula, roles } = STEPS[step];
  return durationMetric(frame, {
    ...onSales(formula, found?.n ?? 0, { roles }),
    seconds: found === undefined ? null : { p50: found.p50, p90: found.p90 },
  });
}
