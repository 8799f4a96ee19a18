/** Where a paid order stands on its way to the payout, in order. */
export const ORDER_STATES = ["AWAITING_SHIP", "SHIPPED", "DELIVERED", "CONFIRMED"] as const;
export type OrderState = (typeof ORDER_STATES)[number];
