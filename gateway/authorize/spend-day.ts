import type { Principal } from "../../schema/claims.js";
import { INQUIRY_BUDGET_RULE } from "../../schema/budgets/inquiry-rule.js";
import type { Inquiry } from "../inquiry.js";

/** How many inquiries a bank may make about a merchant on one day, across all gateways. */
export interface InquiryBudget {
  /** Takes one inquiry for each merchant, known or not; answers in order. Never rejects. */
  takeInquiries(
    bank: string,
    merchants: readonly string[],
  ): Promise<readonly { readonly isAdmitted: boolean; readonly resetsInSeconds: number }[]>;
}

/**
 * Refuses, each at its own position, the inquiries that are over the day's budget, and leaves the others as they were
 * decided. What the consent says is not told: a refusal for the budget is the same for every merchant (P12). The
 * merchant's own file is not counted.
 */
export async function spendDay(
  budget: InquiryBudget,
  principal: Principal,
  inquiries: readonly Inquiry[],
): Promise<readonly Inquiry[]> {
  const counted = inquiries.filter((inquiry) => !inquiry.own);
  if (counted.length === 0) return inquiries;
  const taken = await budget.takeInquiries(
    principal.id,
    counted.map(({ merchant }) => merchant),
  );
  const over = new Map<string, number>();
  for (const [i, { id }] of counted.entries()) {
    const outcome = taken[i];
    if (outcome?.isAdmitted !== true) over.set(id, outcome?.resetsInSeconds ?? 1);
  }
  if (over.size === 0) return inquiries;
  return inquiries.map((inquiry) => {
    const retryAfterSeconds = over.get(inquiry.id);
    return retryAfterSeconds === undefined ? inquiry : refused(inquiry, retryAfterSeconds);
  });
}

function refused(inquiry: Inquiry, retryAfterSeconds: number): Inquiry {
  const code = "INQUIRY_BUDGET_EXCEEDED";
  const { rule, article, fix } = INQUIRY_BUDGET_RULE;
  const facts = { rule, article, fix, retryAfterSeconds };
  return {
    ...inquiry,
    decision: "REFUSED",
    granted: new Set(),
    withheld: new Map(
      inquiry.asked.map((category) => [category, { code, facts: { category, ...facts } }] as const),
    ),
    rules: inquiry.asked.map((category) => ({ category, allowed: false, code, rule, article })),
    consent: undefined,
    months: undefined,
  };
}
