import { describe, expect, it } from "vitest";
import type { Clock } from "../../../foundation/clock.js";
import { BUDGET_DEFAULTS, budgetRelations } from "../../../gateway/receive/budget-settings.js";
import { type Budgets, clientOf, createBudgets } from "../../../gateway/receive/budgets.js";
import { rateLimited, rateLimitHeaders } from "../../../gateway/receive/rate-limit-headers.js";
import type { Principal } from "../../../schema/claims.js";

function clockAt(instant: string): { readonly clock: Clock; set(instant: string): void } {
  let now = new Date(instant);
  return {
    clock: { now: () => now, monotonicMs: () => now.getTime() },
    set: (next) => {
      now = new Date(next);
    },
  };
}

const LIMITS = { ...BUDGET_DEFAULTS, budgetInquiries: 2, budgetCost: 100, operationCostMax: 50 };

const budgetsAt = (clock: Clock): Budgets => createBudgets({ redis: undefined, clock, limits: LIMITS });

async function admitted(budgets: Budgets, bank: string, merchants: readonly string[]): Promise<boolean[]> {
  return (await budgets.takeInquiries(bank, merchants)).map(({ isAdmitted }) => isAdmitted);
}

describe("a bank's day about a merchant", () => {
  it("is a calendar day in Asia/Shanghai: it ends at 16:00 UTC, to the millisecond", async () => {
    const { clock, set } = clockAt("2026-03-01T15:59:59.999Z");
    const budgets = budgetsAt(clock);
    expect(await admitted(budgets, "b", ["m"])).toEqual([true]);
    expect(await admitted(budgets, "b", ["m"])).toEqual([true]);
    expect(await admitted(budgets, "b", ["m"])).toEqual([false]);
    set("2026-03-01T16:00:00.000Z");
    expect(await admitted(budgets, "b", ["m"])).toEqual([true]);
  });

  it("says how long it still is, and at least a second", async () => {
    for (const [instant, seconds] of [
      ["2026-03-01T16:00:00.000Z", 86_400],
      ["2026-03-02T15:59:59.001Z", 1],
      ["2026-03-02T04:00:00.000Z", 43_200],
    ] as const) {
      const [quota] = await budgetsAt(clockAt(instant).clock).takeInquiries("b", ["m"]);
      expect(quota?.resetsInSeconds, instant).toBe(seconds);
    }
  });

  it("is another for another bank and for another merchant, each decided on its own", async () => {
    const budgets = budgetsAt(clockAt("2026-03-01T00:00:00Z").clock);
    for (let i = 0; i < 2; i += 1) await admitted(budgets, "b", ["m"]);
    expect(await admitted(budgets, "b", ["other", "m", "third"])).toEqual([true, false, true]);
    expect(await admitted(budgets, "c", ["m"])).toEqual([true]);
    expect(await admitted(budgets, "b|m", ["x"])).toEqual([true]);
  });
});

describe("whose budget it is", () => {
  const principal = (issuer: string, clientId: string, id: string): Principal =>
    ({
      id,
      clientId,
      credentials: [{ kind: "CLIENT", id: `${issuer}|${clientId}` }],
    }) as unknown as Principal;

  it("is the client's, at its issuer, for each party that it acts for", () => {
    const keys = [
      principal("https://a", "console", "m1"),
      principal("https://a", "console", "m2"),
      principal("https://b", "console", "m1"),
      principal("https://a", "other", "m1"),
    ].map((one) => JSON.stringify(clientOf(one)));
    expect(new Set(keys).size).toBe(4);
  });
});

describe("the headers of a budget", () => {
  const quota = {
    budget: "cost",
    limit: 600,
    windowSeconds: 60,
    remaining: 7,
    resetsInSeconds: 31,
  } as const;

  it("are lists of structured fields, one item a budget", () => {
    const both = [{ ...quota, budget: "requests" as const }, quota];
    expect(rateLimitHeaders(both)).toEqual([
      ["ratelimit-policy", '"requests";q=600;w=60;qu="requests", "cost";q=600;w=60;qu="xinqiao-cost"'],
      ["ratelimit", '"requests";r=7;t=31, "cost";r=7;t=31'],
    ]);
    expect(rateLimitHeaders([])).toEqual([]);
  });

  it("never ask a client to come back before its budget does", () => {
    expect(rateLimited(quota).facts["retryAfterSeconds"]).toBe(31);
    expect(rateLimited({ ...quota, resetsInSeconds: 0 }).facts["retryAfterSeconds"]).toBe(1);
  });
});

describe("the settings of budgets", () => {
  it("hold by default", () => {
    expect(budgetRelations(BUDGET_DEFAULTS)).toEqual([]);
  });

  it("are refused when the costliest operation could not run without Redis", () => {
    const tight = { ...BUDGET_DEFAULTS, budgetCost: 1_000, operationCostMax: 501, budgetLocalPercent: 50 };
    expect(budgetRelations(tight)).toHaveLength(1);
    expect(budgetRelations({ ...tight, operationCostMax: 500 })).toEqual([]);
  });
});
