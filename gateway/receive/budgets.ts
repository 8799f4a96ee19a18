import type { Clock } from "../../foundation/clock.js";
import { createLimiter, type Spending } from "../../foundation/redis/limiter.js";
import type { Redis } from "../../foundation/redis.js";
import type { Principal } from "../../schema/claims.js";
import type { BudgetLimits } from "./budget-settings.js";

/** Names of the budgets that an answer's headers speak of. */
export type BudgetName = "requests" | "cost" | "feed-requests";

/** Whose budget: names that together mean one client. */
export type ClientKey = readonly string[];

/**
 * The client of a token and whom it acts for. A bank's client acts for that bank alone; a console that acts for many
 * merchants has a budget for each, or one of them could use up all of theirs.
 */
export function clientOf(principal: Principal): ClientKey {
  const client = principal.credentials.find(({ kind }) => kind === "CLIENT");
  return [client?.id ?? principal.clientId, principal.id];
}

/** How a budget stands. */
export interface Quota {
  readonly budget: BudgetName;
  /** The whole budget, or this gateway's share of it while Redis is away. */
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetsInSeconds: number;
}

/** A quota after something was asked of it. */
export interface Taken extends Quota {
  readonly isAdmitted: boolean;
}

export interface BudgetParts {
  /** Absent: this process counts alone. */
  readonly redis: Redis | undefined;
  readonly clock: Clock;
  readonly limits: BudgetLimits;
}

/** What clients, banks and platforms may spend. It decides how often somebody may ask, never what may be read. */
export interface Budgets {
  /** What one operation may cost. */
  readonly operationCostMax: number;
  /** Takes one request of a client's minute. */
  takeRequest(client: ClientKey): Promise<Taken>;
  /** Takes an operation's cost of a client's minute; what would pass the budget takes nothing. */
  takeCost(client: ClientKey, cost: number): Promise<Taken>;
  /** Takes cost that showed only afterwards. */
  chargeCost(client: ClientKey, cost: number): Promise<void>;
  /** Takes one request of a platform's minute. */
  takeFeedRequest(platform: string): Promise<Taken>;
  /** Takes one inquiry of a bank's day about each merchant, known or not; answers in order. */
  takeInquiries(bank: string, merchants: readonly string[]): Promise<readonly InquiryQuota[]>;
}

/** How a bank's day about one merchant stands. */
export interface InquiryQuota {
  readonly isAdmitted: boolean;
  readonly resetsInSeconds: number;
}

const MINUTE_SECONDS = 60;
const DAY_MS = 86_400_000;
/** Asia/Shanghai has no daylight saving time. */
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** Fixed windows shared by all gateways on one Redis; with Redis away each gateway counts a share of them alone. */
export function createBudgets({ redis, clock, limits }: BudgetParts): Budgets {
  const minutes = (name: BudgetName, limit: number): ((key: ClientKey, points: number) => Promise<Taken>) => {
    const limiter = limiterOf(name, limit, MINUTE_SECONDS);
    return async (key, points) => {
      const { isAdmitted, ...spending } = await limiter.spend(key, points);
      return { isAdmitted, ...quotaOf(name, spending) };
    };
  };
  const limiterOf = (name: string, limit: number, windowSeconds: number): ReturnType<typeof createLimiter> =>
    createLimiter({ redis, name, limit, windowSeconds, localPercent: limits.budgetLocalPercent });
  const requests = minutes("requests", limits.budgetRequests);
  const feeds = minutes("feed-requests", limits.budgetFeeds);
  const cost = minutes("cost", limits.budgetCost);
  const excess = limiterOf("cost", limits.budgetCost, MINUTE_SECONDS);
  const inquiries = limiterOf("inquiries", limits.budgetInquiries, DAY_MS / 1_000);
  return {
    operationCostMax: limits.operationCostMax,
    takeRequest: (client) => requests(client, 1),
    takeCost: cost,
    chargeCost: (client, points) => excess.charge(client, points),
    takeFeedRequest: (platform) => feeds([platform], 1),
    takeInquiries: async (bank, merchants) => {
      const { day, leftSeconds } = dayOf(clock.now());
      const taken = merchants.map((merchant) => inquiries.spend([bank, merchant, day], 1, leftSeconds));
      return (await Promise.all(taken)).map(({ isAdmitted }) => ({
        isAdmitted,
        resetsInSeconds: leftSeconds,
      }));
    },
  };
}

function quotaOf(budget: BudgetName, spending: Omit<Spending, "isAdmitted">): Quota {
  const { limit, remaining, resetsInMs } = spending;
  const resetsInSeconds = Math.ceil(resetsInMs / 1_000);
  return { budget, limit, windowSeconds: MINUTE_SECONDS, remaining, resetsInSeconds };
}

/** The calendar day in Asia/Shanghai, and the whole seconds until it ends, at least one. */
function dayOf(now: Date): { readonly day: string; readonly leftSeconds: number } {
  const local = now.getTime() + SHANGHAI_OFFSET_MS;
  const leftMs = DAY_MS - (local % DAY_MS);
  return { day: new Date(local).toISOString().slice(0, 10), leftSeconds: Math.ceil(leftMs / 1_000) };
}
