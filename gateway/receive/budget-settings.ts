import { integer } from "../../foundation/config/parsers.js";
import { loadConfig, type Values, withDefault } from "../../foundation/config.js";

/** Settings of what may be spent. */
export const BUDGET_SETTINGS = {
  budgetRequests: withDefault({
    env: "XINQIAO_BUDGET_REQUESTS",
    doc: "GraphQL requests that one client may send in a minute.",
    parse: integer(1, 1_000_000),
    default: 6_000,
  }),
  budgetCost: withDefault({
    env: "XINQIAO_BUDGET_COST",
    doc: "Cost of the GraphQL operations that one client may run in a minute.",
    parse: integer(1, 1_000_000_000),
    default: 6_000_000,
  }),
  operationCostMax: withDefault({
    env: "XINQIAO_OPERATION_COST_MAX",
    doc: "Cost that one GraphQL operation may have.",
    parse: integer(1, 500_000_000),
    default: 500_000,
  }),
  budgetInquiries: withDefault({
    env: "XINQIAO_BUDGET_INQUIRIES",
    doc: "Inquiries that one bank may make about one merchant on one calendar day in Asia/Shanghai.",
    parse: integer(1, 1_000_000),
    default: 100,
  }),
  budgetFeeds: withDefault({
    env: "XINQIAO_BUDGET_FEEDS",
    doc: "Feed requests that one platform may send in a minute.",
    parse: integer(1, 1_000_000),
    default: 600,
  }),
  budgetLocalPercent: withDefault({
    env: "XINQIAO_BUDGET_LOCAL_PERCENT",
    doc: "Share of each budget that one gateway allows by itself while Redis is away, in percent.",
    parse: integer(1, 100),
    default: 50,
  }),
};

/** What may be spent, by the names of the settings. */
export type BudgetLimits = Values<typeof BUDGET_SETTINGS>;

/** What may be spent where nothing is said. */
export const BUDGET_DEFAULTS: BudgetLimits = loadConfig(BUDGET_SETTINGS, {
  environment: {},
  readFile: () => "",
});

/** What must hold between these settings; one sentence for each that does not. */
export function budgetRelations(values: BudgetLimits): string[] {
  const local = Math.floor((values.budgetCost * values.budgetLocalPercent) / 100);
  return values.operationCostMax > local
    ? [
        "XINQIAO_OPERATION_COST_MAX must not exceed XINQIAO_BUDGET_LOCAL_PERCENT of XINQIAO_BUDGET_COST, or such an operation could not run while Redis is away",
      ]
    : [];
}
