/**
 * The rule under which an inquiry beyond the day's budget is refused. It is the bureau's own and no consent's: it says
 * nothing of whether the merchant is known or consented, so it is the same for every merchant (征信业务管理办法 第二十二条:
 * a bureau monitors how its information is asked for).
 */
export const INQUIRY_BUDGET_RULE = {
  rule: "bureau.inquiries-a-day",
  article: "征信业务管理办法 第二十二条",
  fix: "Ask again on the next calendar day in Asia/Shanghai.",
} as const;
