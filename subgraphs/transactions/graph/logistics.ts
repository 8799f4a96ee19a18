import { Args, Ctx, Field, ObjectType } from "type-graphql";
import type { SubgraphContext } from "../../host/context.js";
import { ConsentPolicy, RecordsPolicy } from "../../host/directives.js";
import type { DurationMetric, Metric } from "../../host/metric-types.js";
import { PageArgs } from "../../host/paging.js";
import {
  lateShipmentRate,
  onTimeDeliveryRate,
  onTimeShipRate,
  validTrackingRate,
} from "../measures/delivery.js";
import { leadTime } from "../measures/lead-times.js";
import { Duration, Figure } from "./fields.js";
import { ShipmentConnection, shipmentRecordOf } from "./part-records.js";
import type { View } from "./view.js";

@ConsentPolicy("LOGISTICS")
@ObjectType({
  description:
    "How a merchant ships orders of accounts that the consent opens. Category LOGISTICS. Orders count in the month they were paid, of any currency.",
})
export class Logistics {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  @Figure(
    "Orders shipped by the promised instant / shipped orders with a promise; orders not shipped yet are left out. Unit: ratio. Source: order, shipment.",
  )
  async onTimeShipRate(): Promise<Metric> {
    return onTimeShipRate(await this.#view.frame());
  }

  @Figure(
    "Orders shipped after the promised instant / shipped orders with a promise. Unit: ratio. Source: order, shipment.",
  )
  async lateShipmentRate(): Promise<Metric> {
    return lateShipmentRate(await this.#view.frame());
  }

  @Figure(
    "Orders delivered by the promised instant / delivered orders with a promise. Unit: ratio. Source: order, shipment.",
  )
  async onTimeDeliveryRate(): Promise<Metric> {
    return onTimeDeliveryRate(await this.#view.frame());
  }

  @Figure(
    "Shipped orders with a tracking number and a scan (a delivery, or a carrier's own record) / shipped orders. Unit: ratio. Source: shipment.",
  )
  async validTrackingRate(): Promise<Metric> {
    return validTrackingRate(await this.#view.frame());
  }

  @Duration("Payment to first shipment. Unit: hour. Source: order, payment, shipment.")
  async payToShip(): Promise<DurationMetric> {
    const [frame, quantiles] = await Promise.all([this.#view.frame(), this.#view.quantiles()]);
    return leadTime(frame, quantiles, "PAY_TO_SHIP");
  }

  @Duration("First shipment to delivery of the last parcel. Unit: hour. Source: shipment.")
  async shipToDeliver(): Promise<DurationMetric> {
    const [frame, quantiles] = await Promise.all([this.#view.frame(), this.#view.quantiles()]);
    return leadTime(frame, quantiles, "SHIP_TO_DELIVER");
  }

  @RecordsPolicy("LOGISTICS")
  @Field(() => ShipmentConnection, {
    nullable: true,
    description:
      "The parcels themselves, newest first: those shipped in the months of the window, of orders in accounts that the consent opens. LEVEL_NOT_CONSENTED where the consent opens figures only; BAD_USER_INPUT for a cursor of another list or merchant.",
  })
  async shipments(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<ShipmentConnection> {
    context.permit.requireRecords(this.#view.merchant, "LOGISTICS");
    return this.#view.page(page, {
      list: "shipments",
      load: (loads, key) => loads.shipments.load(key),
      node: shipmentRecordOf,
    });
  }
}
