import type { AccountRecord } from "../../../schema/feeds/records.js";
import { syntheticUscc } from "../dataset/synthetic-uscc.js";
import { OLIST_PLATFORM, OLIST_ZONE } from "./olist-rows.js";
import { allSales, type SalesPlan } from "./plan-sales.js";

/** The merchant that stands for an Olist seller: Olist names none, so the code is synthetic and always the same. */
export function olistMerchantId(sellerId: string): string {
  return syntheticUscc(`${OLIST_PLATFORM}/${sellerId}`);
}

/**
 * One account a seller that sold anything. Olist does not say when an account was opened: the first that is known of
 * it stands in, which never overstates how long the merchant has been in business.
 */
export function mapAccounts(plan: SalesPlan): AccountRecord[] {
  const sellers = new Map(plan.tables.sellers.map((seller) => [seller.sellerId, seller]));
  const accounts = [...earliestBySeller(plan)].map(([sellerId, openedAt]): AccountRecord => {
    const seller = sellers.get(sellerId);
    const region = [seller?.city, seller?.state]
      .filter((part) => part !== undefined && part !== "")
      .join(", ");
    return {
      platform: OLIST_PLATFORM,
      zone: OLIST_ZONE,
      sellerId,
      merchantId: olistMerchantId(sellerId),
      legalName: `Olist seller ${sellerId.slice(0, 8)}`,
      role: "OWNER",
      openedAt,
      ...(region === "" ? {} : { region }),
      platformKind: "MARKETPLACE",
      evidence: ["PLATFORM_ATTESTATION"],
    };
  });
  const merchants = new Set(accounts.map((account) => account.merchantId));
  if (merchants.size !== accounts.length) throw new RangeError("two sellers share a synthetic merchant code");
  return accounts;
}

/** No record of a seller may be older than its account, or it would belong to nobody. */
function earliestBySeller(plan: SalesPlan): Map<string, string> {
  const earliest = new Map<string, string>();
  const see = (sellerId: string, at: string | undefined): void => {
    const known = earliest.get(sellerId);
    if (at !== undefined && (known === undefined || at < known)) earliest.set(sellerId, at);
  };
  for (const item of plan.tables.items) see(item.sellerId, plan.instantOf(item.shippingLimitAt));
  for (const sale of allSales(plan)) {
    for (const at of [sale.createdAt, sale.paidAt, sale.shippedAt]) see(sale.sellerId, at);
  }
  for (const review of plan.tables.reviews) {
    const answeredAt = plan.instantOf(review.answeredAt);
    for (const sale of plan.sales.get(review.orderId) ?? []) see(sale.sellerId, answeredAt);
  }
  return earliest;
}
