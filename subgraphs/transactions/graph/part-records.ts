import { Field, ID, ObjectType } from "type-graphql";
import { RecordsPolicy } from "../../host/directives.js";
import { Money } from "../../host/metric-types.js";
import { PageInfo } from "../../host/paging.js";
import type { RecordNames } from "../../host/records/record-names.js";
import { InstantScalar } from "../../host/scalars.js";
import type { PayoutRow, ShipmentRow } from "../load/record-rows.js";
import { orderIdOf } from "./order-records.js";

const ID_DESCRIPTION =
  "A pseudonym of the publisher's number: 32 hexadecimal digits, the same in every answer to everybody.";
const ORDER_DESCRIPTION = "The id of its order, as in Transactions.orders.";

@RecordsPolicy("SETTLEMENTS")
@ObjectType({ description: "One payout of a known order that counts in the figures." })
export class PayoutRecord {
  @Field(() => ID, { description: ID_DESCRIPTION }) id!: string;
  @Field(() => ID, { description: ORDER_DESCRIPTION }) order!: string;
  @Field(() => String, { description: "The platform that reported it." }) platform!: string;
  @Field(() => InstantScalar) settledAt!: Date;
  @Field(() => Money, { description: "Before fees and chargebacks." }) gross!: Money;
  @Field(() => Money, { description: "What the platform kept." }) fee!: Money;
  @Field(() => Money, { description: "What was charged back." }) chargeback!: Money;
  @Field(() => Money, { description: "gross - fee - chargeback." }) net!: Money;
}

@RecordsPolicy("SETTLEMENTS")
@ObjectType({ description: "A page of payouts, newest first." })
export class PayoutConnection {
  @Field(() => [PayoutRecord]) nodes!: PayoutRecord[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@RecordsPolicy("LOGISTICS")
@ObjectType({
  description:
    "One parcel of a known order as one platform reported it; the marketplace's report and the carrier's are two.",
})
export class ShipmentRecord {
  @Field(() => ID, { description: ID_DESCRIPTION }) id!: string;
  @Field(() => ID, { description: ORDER_DESCRIPTION }) order!: string;
  @Field(() => String, { description: "The platform that reported it." }) platform!: string;
  @Field(() => InstantScalar) shippedAt!: Date;
  @Field(() => InstantScalar, { nullable: true }) deliveredAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true }) promisedShipAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true }) promisedDeliveryAt!: Date | null;
  @Field(() => Boolean, { description: "Whether a tracking number was given." }) hasTracking!: boolean;
}

@RecordsPolicy("LOGISTICS")
@ObjectType({ description: "A page of parcels, newest first." })
export class ShipmentConnection {
  @Field(() => [ShipmentRecord]) nodes!: ShipmentRecord[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

/** A payout as it leaves. */
export function payoutRecordOf(names: RecordNames, merchant: string, row: PayoutRow): PayoutRecord {
  const money = (minor: number): Money => ({ minor, currency: row.currency });
  return {
    id: names.idOf(merchant, "settlement", row.platform, row.key),
    order: orderIdOf(names, merchant, { platform: row.orderPlatform, orderId: row.orderId }),
    platform: row.platform,
    settledAt: row.happenedAt,
    gross: money(row.grossMinor),
    fee: money(row.feeMinor),
    chargeback: money(row.chargebackMinor),
    net: money(row.grossMinor - row.feeMinor - row.chargebackMinor),
  };
}

/** A parcel as it leaves. */
export function shipmentRecordOf(names: RecordNames, merchant: string, row: ShipmentRow): ShipmentRecord {
  return {
    id: names.idOf(merchant, "shipment", row.platform, row.key),
    order: orderIdOf(names, merchant, { platform: row.orderPlatform, orderId: row.orderId }),
    platform: row.platform,
    shippedAt: row.happenedAt,
    deliveredAt: row.deliveredAt,
    promisedShipAt: row.promisedShipAt,
    promisedDeliveryAt: row.promisedDeliveryAt,
    hasTracking: row.hasTracking,
  };
}
