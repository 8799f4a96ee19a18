import type { Principal } from "../../schema/claims.js";
import { INQUIRY_BUDGET_RULE } from "../../schema/budgets/inquiry-rule.js";
import type { Inquiry } from "../inquiry.js";
import { refusedWhole } from "./inquiry-of.js";

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
  const { rule, article, fix } = INQUIRY_BUDGET_RULE;
  const facts = { fix, retryAfterSeconds };
  return {
    ...refusedWhole(inquiry, { code: "INQUIRY_BUDGET_EXCEEDED", rule, article, facts }),
    consent: undefined,
    terms: undefined,
    months: undefined,
    accounts: undefined,
  };
}
