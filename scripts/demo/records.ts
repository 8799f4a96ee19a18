const DAY_MS = 86_400_000;

/** A merchant with a valid synthetic code; division 99 is assigned to nobody. */
export const MERCHANT = "91990100MA0000A193";
export const PLATFORM = "taoyuan-market";

/** The seller account that makes the shop the merchant's. */
export function account(): object {
  return {
    sellerId: "tea-house",
    merchantId: MERCHANT,
    legalName: "Willow Tea House",
    openedAt: "2023-05-01T09:00:00+08:00",
    evidence: ["PLATFORM_ATTESTATION"],
  };
}

/** Sixty orders of the last two months, one that breaks the schema, and one of a shop nobody knows. */
export function orders(now: Date): object[] {
  const good = Array.from({ length: 60 }, (_, i) => {
    const at = new Date(now.getTime() - (i + 1) * DAY_MS);
    const paidAt = new Date(at.getTime() + 120_000);
    return {
      orderId: `demo-${i + 1}`,
      sellerId: "tea-house",
      buyerId: `buyer-${i % 41}`,
      currency: "CNY",
      totalMinor: 5_800 + (i % 7) * 1_000,
      createdAt: at.toISOString(),
      paidAt: paidAt.toISOString(),
      region: i % 3 === 0 ? "Zhejiang" : "Jiangsu",
    };
  });
  const broken = { ...good[0], orderId: "demo-broken", totalMinor: -5 };
  const stranger = { ...good[0], orderId: "demo-stranger", sellerId: "nobody" };
  return [...good, broken, stranger];
}

/** Forty reviews, mostly kind. */
export function reviews(now: Date): object[] {
  return Array.from({ length: 40 }, (_, i) => ({
    reviewId: `demo-r${i + 1}`,
    sellerId: "tea-house",
    orderId: `demo-${i + 1}`,
    rating: i % 10 === 0 ? 2 : 5,
    createdAt: new Date(now.getTime() - i * DAY_MS).toISOString(),
  }));
}
