import { Args, Ctx, Field, ObjectType } from "type-graphql";
import type { SubgraphContext } from "../../host/context.js";
import { ConsentPolicy, RecordsPolicy } from "../../host/directives.js";
import { Metric, type MoneyMetric } from "../../host/metric-types.js";
import { PageArgs } from "../../host/paging.js";
import { buyerRepeatRate } from "../measures/concentration.js";
import type { Frame } from "../measures/frame.js";
import { growthMoM, growthYoY } from "../measures/growth.js";
import { refundRateAmount, refundRateCount } from "../measures/refunds.js";
import {
  averageOrderValue,
  cancelRatePreShip,
  createdOrderCount,
  gmvGross,
  gmvPaid,
  medianOrderValue,
  netSales,
  orderCount,
  returnsAmount,
  verifiedRevenue,
} from "../measures/sales.js";
import { seasonalityIndex } from "../measures/seasonality.js";
import {
  activeMonthRatio,
  maxDrawdown,
  monthsObserved,
  tenureDays,
  volatilityCv,
  zeroSaleDays,
} from "../measures/variability.js";
import { Concentration, concentrations } from "./concentration.js";
import { Amount, Figure } from "./fields.js";
import { OrderConnection, orderRecordOf } from "./order-records.js";
import { MonthRow, monthRows, PlatformRow, platformRows } from "./row-types.js";
import type { View } from "./view.js";

@ConsentPolicy("TRANSACTIONS")
@ObjectType({
  description:
    "Sales of a merchant over all its platform accounts, as far as the consent opens them. Category TRANSACTIONS. Orders count in the month they were paid.",
})
export class Transactions {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  async #of<T>(verb: (frame: Frame) => T): Promise<T> {
    return verb(await this.#view.frame());
  }

  @Amount(
    "Sum of the totals of created orders, paid or not, by created day. Unit: minor units. Source: order.",
  )
  gmvGross(): Promise<MoneyMetric> {
    return this.#of(gmvGross);
  }

  @Amount(
    "Sum of paid amounts of orders paid in the window; payment records decide where there are any. Unit: minor units. Source: order, payment.",
  )
  gmvPaid(): Promise<MoneyMetric> {
    return this.#of(gmvPaid);
  }

  @Amount(
    "Part of gmvPaid whose payment another platform than the marketplace reported. Unit: minor units. Source: order, payment.",
  )
  verifiedRevenue(): Promise<MoneyMetric> {
    return this.#of(verifiedRevenue);
  }

  @Amount(
    "Refunds paid out on orders paid in the window, whenever they were paid out. Unit: minor units. Source: refund.",
  )
  returnsAmount(): Promise<MoneyMetric> {
    return this.#of(returnsAmount);
  }

  @Amount(
    "gmvPaid - returnsAmount - what orders cancelled after payment left unrefunded. Unit: minor units. Source: order, payment, refund.",
  )
  netSales(): Promise<MoneyMetric> {
    return this.#of(netSales);
  }

  @Figure("Orders paid in the window. Unit: order. Source: order, payment.")
  orderCount(): Promise<Metric> {
    return this.#of(orderCount);
  }

  @Figure("Orders created in the window, paid or not. Unit: order. Source: order.")
  createdOrderCount(): Promise<Metric> {
    return this.#of(createdOrderCount);
  }

  @Amount("gmvPaid / orderCount. Unit: minor units. Source: order, payment.")
  averageOrderValue(): Promise<MoneyMetric> {
    return this.#of(averageOrderValue);
  }

  @Amount("Median paid amount of an order, within 0.5 %. Unit: minor units. Source: order, payment.")
  async medianOrderValue(): Promise<MoneyMetric> {
    const [frame, quantiles] = await Promise.all([this.#view.frame(), this.#view.quantiles()]);
    return medianOrderValue(frame, quantiles);
  }

  @Figure(
    "Orders paid and cancelled before they shipped / orders paid. Unit: ratio. Source: order, payment, shipment.",
  )
  cancelRatePreShip(): Promise<Metric> {
    return this.#of(cancelRatePreShip);
  }

  @Figure(
    "Refunds of matured orders / their paid amount; matured is delivered or confirmed at least 30 days before asOf. Unit: ratio. Source: order, payment, refund, shipment.",
  )
  async refundRateAmount(): Promise<Metric> {
    const [frame, matured] = await Promise.all([this.#view.frame(), this.#view.matured()]);
    return refundRateAmount(frame, matured);
  }

  @Figure(
    "Matured orders with a refund / matured orders; matured is delivered or confirmed at least 30 days before asOf. Unit: ratio. Source: order, payment, refund, shipment.",
  )
  async refundRateCount(): Promise<Metric> {
    const [frame, matured] = await Promise.all([this.#view.frame(), this.#view.matured()]);
    return refundRateCount(frame, matured);
  }

  @Figure(
    "Net sales of the window's last complete month / the month before - 1; the current month is left out. Each month is divided by its seasonal index where 24 complete months are open; formula says deseasonalised or raw. Unit: ratio.",
  )
  async growthMoM(): Promise<Metric> {
    const [frame, history] = await Promise.all([this.#view.frame(), this.#view.history()]);
    return growthMoM(frame, history);
  }

  @Figure(
    "Net sales of the last twelve complete months / the twelve before - 1 (formula says deseasonalised); with 13 to 23 months the last month / the same month a year before - 1 (raw). Reads every month that the consent opens. Unit: ratio.",
  )
  async growthYoY(): Promise<Metric> {
    return growthYoY(await this.#view.history());
  }

  @Figure(
    "Sample standard deviation / mean of monthly net sales, from the first month with sales; the current month is left out; at least 3 months. Unit: ratio.",
  )
  volatilityCv(): Promise<Metric> {
    return this.#of(volatilityCv);
  }

  @Figure(
    "Worst fall of monthly net sales from a peak to a later month, as a share of the peak; the current month is left out. Unit: ratio.",
  )
  maxDrawdown(): Promise<Metric> {
    return this.#of(maxDrawdown);
  }

  @Figure(
    "Days without a paid order, from the window's first day with one to the day before asOf or the window's end. Unit: day.",
  )
  async zeroSaleDays(): Promise<Metric> {
    const [frame, sale] = await Promise.all([this.#view.frame(), this.#view.saleDays()]);
    return zeroSaleDays(frame, sale);
  }

  @Figure("Complete months with a paid order / complete months of the window. Unit: ratio.")
  activeMonthRatio(): Promise<Metric> {
    return this.#of(activeMonthRatio);
  }

  @Field(() => [Metric], {
    description:
      "mean(m) / mean of monthly net sales over the latest whole years, January first, twelve entries; null below 24 complete months. Reads every month that the consent opens. Unit: ratio.",
  })
  async seasonalityIndex(): Promise<Metric[]> {
    return seasonalityIndex(await this.#view.history());
  }

  @Figure(
    "Buyers with two paid orders or more in the window / buyers, by pseudonym per platform. Unit: ratio. Source: order.",
  )
  async buyerRepeatRate(): Promise<Metric> {
    const [frame, spreads] = await Promise.all([this.#view.frame(), this.#view.spreads()]);
    return buyerRepeatRate(
      frame,
      spreads.find(({ dimension }) => dimension === "BUYER"),
    );
  }

  @Figure(
    "Days from the first settled order to asOf, as far back as the consent opens, at most 60 months. Unit: day. Source: settlement.",
  )
  async tenureDays(): Promise<Metric> {
    return tenureDays(await this.#view.history());
  }

  @Figure("Months with any record, as far back as the consent opens, at most 60. Unit: month.")
  async monthsObserved(): Promise<Metric> {
    return monthsObserved(await this.#view.history());
  }

  @Field(() => [MonthRow], { description: "Months with records, in order; the current month is incomplete." })
  months(): Promise<MonthRow[]> {
    return this.#of(monthRows);
  }

  @Field(() => [PlatformRow], { description: "Platforms, the largest first." })
  platforms(): Promise<PlatformRow[]> {
    return this.#of(platformRows);
  }

  @Field(() => [Concentration], {
    description: "One entry each for buyers, products, regions and platforms.",
  })
  concentration(): Promise<Concentration[]> {
    return concentrations(this.#view);
  }

  @RecordsPolicy("TRANSACTIONS")
  @Field(() => OrderConnection, {
    nullable: true,
    description:
      "The orders themselves, newest first by the instant of creation: those created in the months of the window, by the order's own zone, in accounts that the consent opens. A page is stable: later orders come before it. LEVEL_NOT_CONSENTED where the consent opens figures only; BAD_USER_INPUT for a cursor of another list or merchant.",
  })
  async orders(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<OrderConnection> {
    context.permit.requireRecords(this.#view.merchant, "TRANSACTIONS");
    return this.#view.page(page, {
      list: "orders",
      load: (loads, key) => loads.orders.load(key),
      node: orderRecordOf,
    });
  }
}
