import { Args, Ctx, Field, ObjectType, registerEnumType } from "type-graphql";
import type { SubgraphContext } from "../../host/context.js";
import { ConsentPolicy, RecordsPolicy } from "../../host/directives.js";
import { type DurationMetric, type Metric, MoneyMetric } from "../../host/metric-types.js";
import { PageArgs } from "../../host/paging.js";
import { ORDER_STATES, type OrderState } from "../facts/order-states.js";
import {
  cashConversionDays,
  chargebacks,
  fees,
  netSettled,
  platformDso,
  settledRevenue,
} from "../measures/cash.js";
import { type LeadTime, leadTime } from "../measures/lead-times.js";
import { expectedCollectible, receivablesInTransit } from "../measures/receivables.js";
import { Amount, Duration, Figure } from "./fields.js";
import { PayoutConnection, payoutRecordOf } from "./part-records.js";
import type { View } from "./view.js";

const ReceivableState = {
  AWAITING_SHIP: "AWAITING_SHIP",
  SHIPPED: "SHIPPED",
  DELIVERED: "DELIVERED",
  CONFIRMED: "CONFIRMED",
} as const satisfies Record<OrderState, OrderState>;
registerEnumType(ReceivableState, {
  name: "ReceivableState",
  description: "Where a paid order stands on its way to the payout.",
});

@ObjectType({ description: "Receivables in one state." })
export class ReceivableRow {
  @Field(() => ReceivableState) state!: OrderState;
  @Field(() => MoneyMetric) amount!: MoneyMetric;
}

@ConsentPolicy("SETTLEMENTS")
@ObjectType({
  description:
    "What platforms paid out and still owe, of orders in accounts that the consent opens. Category SETTLEMENTS. Payouts count in the month they were settled; receivables and steps in the month the order was paid.",
})
export class Settlements {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  @Amount("Payouts before fees and chargebacks, by settled day. Unit: minor units. Source: settlement.")
  async settledRevenue(): Promise<MoneyMetric> {
    return settledRevenue(await this.#view.frame());
  }

  @Amount("Payouts - fees - chargebacks. Unit: minor units. Source: settlement.")
  async netSettled(): Promise<MoneyMetric> {
    return netSettled(await this.#view.frame());
  }

  @Amount("Fees that the platforms kept. Unit: minor units. Source: settlement.")
  async fees(): Promise<MoneyMetric> {
    return fees(await this.#view.frame());
  }

  @Amount("Amounts charged back. Unit: minor units. Source: settlement.")
  async chargebacks(): Promise<MoneyMetric> {
    return chargebacks(await this.#view.frame());
  }

  @Figure(
    "sum(a (settled - paid)) / sum(a); a is the payout, less the refunded part of its order. Unit: day. Source: settlement, payment, refund.",
  )
  async cashConversionDays(): Promise<Metric> {
    return cashConversionDays(await this.#view.frame());
  }

  @Figure(
    "receivablesInTransit / (net sales of the 90 days to asOf / 90), or of the days that the window opens. Unit: day.",
  )
  async platformDso(): Promise<Metric> {
    const [frame, rows] = await Promise.all([this.#view.frame(), this.#view.receivables()]);
    return platformDso(frame, rows);
  }

  @Amount(
    "sum(paid - refunded) of orders paid in the window, not settled and not cancelled, as they stand at asOf. Unit: minor units. Source: order, payment, refund, settlement.",
  )
  async receivablesInTransit(): Promise<MoneyMetric> {
    const [frame, rows] = await Promise.all([this.#view.frame(), this.#view.receivables()]);
    return receivablesInTransit(frame, rows);
  }

  @Field(() => [ReceivableRow], { description: "receivablesInTransit by state, four entries." })
  async receivables(): Promise<ReceivableRow[]> {
    const [frame, rows] = await Promise.all([this.#view.frame(), this.#view.receivables()]);
    return ORDER_STATES.map((state) => ({ state, amount: receivablesInTransit(frame, rows, state) }));
  }

  @Amount(
    "sum(a (1 - p)) over receivables; p is the share refunded from the state on in the merchant's matured orders, shrunk to the platform's with the weight of 30 orders. Unit: minor units.",
  )
  async expectedCollectible(): Promise<MoneyMetric> {
    const [frame, rows, matured] = await Promise.all([
      this.#view.frame(),
      this.#view.receivables(),
      this.#view.maturedHistory(),
    ]);
    const priors = await this.#view.priors([...new Set(rows.map(({ platform }) => platform))]);
    return expectedCollectible(frame, rows, { matured, priors });
  }

  @Duration("Payment to first shipment. Unit: hour. Source: order, payment, shipment.")
  payToShip(): Promise<DurationMetric> {
    return this.#step("PAY_TO_SHIP");
  }

  @Duration("First shipment to delivery of the last parcel. Unit: hour. Source: shipment.")
  shipToDeliver(): Promise<DurationMetric> {
    return this.#step("SHIP_TO_DELIVER");
  }

  @Duration("Delivery to the buyer's confirmation. Unit: hour. Source: order, shipment.")
  deliverToConfirm(): Promise<DurationMetric> {
    return this.#step("DELIVER_TO_CONFIRM");
  }

  @Duration("Confirmation to the first payout. Unit: hour. Source: order, settlement.")
  confirmToSettle(): Promise<DurationMetric> {
    return this.#step("CONFIRM_TO_SETTLE");
  }

  @RecordsPolicy("SETTLEMENTS")
  @Field(() => PayoutConnection, {
    nullable: true,
    description:
      "The payouts themselves, newest first: those settled in the months of the window, of orders in accounts that the consent opens. Their sums are settledRevenue, fees and chargebacks. LEVEL_NOT_CONSENTED where the consent opens figures only; BAD_USER_INPUT for a cursor of another list or merchant.",
  })
  async payouts(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<PayoutConnection> {
    context.permit.requireRecords(this.#view.merchant, "SETTLEMENTS");
    return this.#view.page(page, {
      list: "payouts",
      load: (loads, key) => loads.payouts.load(key),
      node: payoutRecordOf,
    });
  }

  async #step(step: LeadTime): Promise<DurationMetric> {
    const [frame, quantiles] = await Promise.all([this.#view.frame(), this.#view.quantiles()]);
    return leadTime(frame, quantiles, step);
  }
}
