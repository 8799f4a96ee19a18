import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { RecordsPolicy } from "../../host/directives.js";
import { Money } from "../../host/metric-types.js";
import { PageInfo } from "../../host/paging.js";
import type { RecordNames } from "../../host/records/record-names.js";
import { InstantScalar } from "../../host/scalars.js";
import { enumOf } from "../../host/vocabulary.js";
import { ORDER_RECORD_STATES, type OrderRecordState, type OrderRow } from "../load/record-rows.js";

const OrderRecordStateEnum = enumOf(ORDER_RECORD_STATES);
registerEnumType(OrderRecordStateEnum, {
  name: "OrderRecordState",
  description: "Where a single order stands at the answer; goods may be on their way before they are paid.",
});

@RecordsPolicy("TRANSACTIONS")
@ObjectType({
  description:
    "One order as all records about it tell; never its buyer. Null instants have not happened, or nobody reported them.",
})
export class OrderRecord {
  @Field(() => ID, {
    description:
      "A pseudonym of the platform's order number: 32 hexadecimal digits, the same in every answer to everybody.",
  })
  id!: string;
  @Field(() => String, { description: "The marketplace of the order." }) platform!: string;
  @Field(() => OrderRecordStateEnum) state!: OrderRecordState;
  @Field(() => InstantScalar) createdAt!: Date;
  @Field(() => InstantScalar, { nullable: true, description: "First payment." }) paidAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true, description: "First parcel." }) shippedAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true, description: "Last parcel." }) deliveredAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true, description: "By the buyer." }) confirmedAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true, description: "First payout." }) settledAt!: Date | null;
  @Field(() => InstantScalar, { nullable: true }) cancelledAt!: Date | null;
  @Field(() => Money, { description: "What the buyer was to pay." }) total!: Money;
  @Field(() => Money, { description: "What was paid; 0 before." }) paid!: Money;
  @Field(() => Money, { description: "Refunds paid out so far." }) refunded!: Money;
  @Field(() => String, { nullable: true, description: "Where it goes, as the platform names it." })
  region!: string | null;
  @Field(() => Int, {
    description:
      "1 one platform; 2 another one saw the payment; 3 a third one saw the shipment or the payout.",
  })
  verification!: number;
}

@RecordsPolicy("TRANSACTIONS")
@ObjectType({ description: "A page of orders, newest first." })
export class OrderConnection {
  @Field(() => [OrderRecord]) nodes!: OrderRecord[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

/** The pseudonym of an order, wherever it is spoken of. */
export function orderIdOf(
  names: RecordNames,
  merchant: string,
  order: { readonly platform: string; readonly orderId: string },
): string {
  return names.idOf(merchant, "order", order.platform, order.orderId);
}

/** An order as it leaves. */
export function orderRecordOf(names: RecordNames, merchant: string, row: OrderRow): OrderRecord {
  const money = (minor: number): Money => ({ minor, currency: row.currency });
  return {
    id: orderIdOf(names, merchant, { platform: row.platform, orderId: row.key }),
    platform: row.platform,
    state: row.state,
    createdAt: row.createdAt,
    paidAt: row.paidAt,
    shippedAt: row.shippedAt,
    deliveredAt: row.deliveredAt,
    confirmedAt: row.confirmedAt,
    settledAt: row.settledAt,
    cancelledAt: row.cancelledAt,
    total: money(row.totalMinor),
    paid: money(row.paidMinor),
    refunded: money(row.refundedMinor),
    region: row.region,
    verification: row.level,
  };
}
