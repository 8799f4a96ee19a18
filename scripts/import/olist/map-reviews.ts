import type { ReviewRecord } from "../../../schema/feeds/records.js";
import { OLIST_PLATFORM, OLIST_ZONE, type OlistReview } from "./olist-rows.js";
import type { SalesPlan } from "./plan-sales.js";

const TEXT_CHARS_MAX = 10_000;

/**
 * The review of an order, once for each of its sellers: Olist does not say whom it means. The same review id may stand
 * on several orders. It was written when the buyer answered the survey. None where the order has no sale.
 */
export function mapReview(review: OlistReview, plan: SalesPlan): ReviewRecord[] {
  const text = [review.title, review.message]
    .filter((part) => part.trim() !== "")
    .join("\n")
    .slice(0, TEXT_CHARS_MAX);
  return (plan.sales.get(review.orderId) ?? []).map((sale) => {
    const customer =
      sale.order.customerId === undefined ? undefined : plan.tables.customers.get(sale.order.customerId);
    const products = new Set(sale.items.map((item) => item.productId));
    const [product] = products;
    return {
      platform: OLIST_PLATFORM,
      zone: OLIST_ZONE,
      reviewId: review.reviewId,
      sellerId: sale.sellerId,
      orderId: sale.saleId,
      ...(products.size === 1 && product !== undefined ? { productId: product } : {}),
      ...(customer === undefined ? {} : { buyerId: customer.uniqueId }),
      rating: review.score,
      ...(text === "" ? {} : { text }),
      createdAt: plan.instantOf(review.answeredAt),
    };
  });
}
