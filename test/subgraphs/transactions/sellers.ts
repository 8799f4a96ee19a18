/** The n-th merchant. */
export const merchantOf = (n: number) => `91990100MA${String(n).padStart(8, "0")}`;

/** A merchant's seller account on any platform; a merchant has as many as a test names. */
export const sellerOf = (merchant: string, shop: "" | "-b" | "-c" = "") => `s-${merchant}${shop}`;

/** Whose account it is. */
export const merchantBehind = (sellerId: string) => sellerId.slice(2, 20);
