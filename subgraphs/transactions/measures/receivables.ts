import type { MoneyMetric } from "../../host/metric-types.js";
import { ORDER_STATES, type OrderState } from "../facts/order-states.js";
import type { MaturedRow, ReceivableRow, RefundPrior } from "../load/rows.js";
import type { Frame } from "./frame.js";
import { type Finding, moneyMetric } from "./ground.js";

/** How many orders of the merchant's own average size the platform's refund chance weighs. */
export const PRIOR_ORDERS = 30;

/** Stands in for a platform with too few merchants: a cautious guess, to be replaced by the platform's own. */
export const UNKNOWN_PRIOR: RefundPrior = {
  AWAITING_SHIP: 0.1,
  SHIPPED: 0.08,
  DELIVERED: 0.06,
  CONFIRMED: 0.02,
};

const ROLES = ["order", "payment", "refund", "shipment", "settlement"] as const;

/** sum(paid - refunded) of paid, unsettled, uncancelled orders; of one state where it is given. */
export function receivablesInTransit(
  frame: Frame,
  rows: readonly ReceivableRow[],
  state?: OrderState,
): MoneyMetric {
  const chosen = state === undefined ? rows : rows.filter((row) => row.state === state);
  return moneyMetric(frame, { ...onState("receivablesInTransit/1", chosen), minor: sumAmounts(chosen) });
}

/** sum(a (1 - p)) over platforms and states; p is the chance that the receivable is refunded. */
export function expectedCollectible(
  frame: Frame,
  rows: readonly ReceivableRow[],
  history: {
    readonly matured: readonly MaturedRow[];
    readonly priors: ReadonlyMap<string, RefundPrior | undefined>;
  },
): MoneyMetric {
  const minor = rows.reduce((sum, row) => {
    const own = history.matured.filter(
      ({ platform, currency }) => platform === row.platform && currency === row.currency,
    );
    const p = refundChance(own, row.state, history.priors.get(row.platform) ?? UNKNOWN_PRIOR);
    return sum + row.amountMinor * (1 - p);
  }, 0);
  return moneyMetric(frame, { ...onState("expectedCollectible/1", rows), minor });
}

/**
 * (lost from the state on + K prior) / (owed when the state was reached + K), over matured orders; K is 30 times their average
 * amount. Without matured orders it is the prior.
 */
export function refundChance(own: readonly MaturedRow[], state: OrderState, prior: RefundPrior): number {
  const orders = own.reduce((sum, row) => sum + row.orders, 0);
  const amount = sumAmounts(own);
  if (orders === 0 || amount === 0) return prior[state];
  const at = ORDER_STATES.indexOf(state);
  const lost = (states: readonly OrderState[]) =>
    own.reduce((sum, row) => sum + states.reduce((all, name) => all + row.lostMinor[name], 0), 0);
  const weight = (PRIOR_ORDERS * amount) / orders;
  const owed = Math.max(0, amount - lost(ORDER_STATES.slice(0, at)));
  const p = (lost(ORDER_STATES.slice(at)) + weight * prior[state]) / (owed + weight);
  return Math.min(1, Math.max(0, p));
}

function onState(formula: string, rows: readonly ReceivableRow[]): Finding {
  return { formula, basis: "STATE", n: rows.reduce((sum, row) => sum + row.orders, 0), roles: ROLES };
}

function sumAmounts(rows: readonly { readonly amountMinor: number }[]): number {
  return rows.reduce((sum, row) => sum + row.amountMinor, 0);
}
