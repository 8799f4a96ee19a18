import type { BudgetLimits } from "../../gateway/receive/budget-settings.js";

/** What may be spent decides nothing in a proof of revocation. */
export const NO_BUDGETS: BudgetLimits = {
  budgetRequests: 1_000_000_000,
  budgetCost: 1_000_000_000,
  operationCostMax: 1_000_000,
  budgetInquiries: 1_000_000_000,
  budgetFeeds: 1_000_000_000,
  budgetLocalPercent: 100,
};
