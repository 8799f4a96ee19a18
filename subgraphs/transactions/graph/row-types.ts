import { Field, Float, Int, ObjectType } from "type-graphql";
import { Money } from "../../host/metric-types.js";
import { MonthScalar } from "../../host/scalars.js";
import { type Frame, groupRows, netOf, sumOf } from "../measures/frame.js";
import type { MonthRow as Sums } from "../load/rows.js";

@ObjectType({
  description: "Sums of one month and currency, over all platforms. Cohort: by created or paid month.",
})
export class MonthRow {
  @Field(() => MonthScalar) month!: string;
  @Field(() => Int, { description: "Orders created." }) createdCount!: number;
  @Field(() => Int, { description: "Orders paid." }) orderCount!: number;
  @Field(() => Money, { description: "Totals of created orders." }) gmvGross!: Money;
  @Field(() => Money, { description: "Paid amounts." }) gmvPaid!: Money;
  @Field(() => Money, { description: "Refunds on the month's paid orders, whenever paid out." })
  returnsAmount!: Money;
  @Field(() => Money, { description: "gmvPaid less refunds and post-pay cancels." }) netSales!: Money;
}

@ObjectType({ description: "Sums of one platform and currency in the window." })
export class PlatformRow {
  @Field(() => String) platform!: string;
  @Field(() => Int, { description: "Orders paid." }) orderCount!: number;
  @Field(() => Money, { description: "Paid amounts." }) gmvPaid!: Money;
  @Field(() => Money, { description: "gmvPaid less refunds and post-pay cancels." }) netSales!: Money;
  @Field(() => Float, {
    nullable: true,
    description: "Share of gmvPaid of the currency, 0 to 1; null where that is 0.",
  })
  share!: number | null;
}

/** The months with records, in order; a month of several currencies has a row for each. */
export function monthRows({ rows }: Frame): MonthRow[] {
  const groups = groupRows(rows, (row) => `${row.month} ${row.currency}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, group]) => {
      const [month = "", currency = ""] = key.split(" ");
      const money = (minor: number): Money => ({ minor, currency });
      return {
        month,
        createdCount: sumOf(group, "createdOrders"),
        orderCount: sumOf(group, "paidOrders"),
        gmvGross: money(sumOf(group, "createdMinor")),
        gmvPaid: money(sumOf(group, "paidMinor")),
        returnsAmount: money(sumOf(group, "refundedMinor")),
        netSales: money(netOf(group)),
      };
    });
}

/** The platforms, the largest first within a currency. */
export function platformRows({ rows }: Frame): PlatformRow[] {
  const answers: PlatformRow[] = [];
  for (const [currency, ofCurrency] of groupRows(rows, (row) => row.currency)) {
    const total = sumOf(ofCurrency, "paidMinor");
    const ofPlatforms = [...groupRows(ofCurrency, (row) => row.platform)].map(([platform, group]) =>
      platformRow(platform, group, { currency, total }),
    );
    answers.push(
      ...ofPlatforms.sort((a, b) => b.gmvPaid.minor - a.gmvPaid.minor || (a.platform < b.platform ? -1 : 1)),
    );
  }
  return answers;
}

function platformRow(
  platform: string,
  rows: readonly Sums[],
  of: { currency: string; total: number },
): PlatformRow {
  const paid = sumOf(rows, "paidMinor");
  return {
    platform,
    orderCount: sumOf(rows, "paidOrders"),
    gmvPaid: { minor: paid, currency: of.currency },
    netSales: { minor: netOf(rows), currency: of.currency },
    share: of.total === 0 ? null : paid / of.total,
  };
}
