import type { FastifyReply } from "fastify";
import type { Quota } from "../receive/budgets.js";
import { rateLimitHeaders } from "../receive/rate-limit-headers.js";

const KNOWN = new WeakMap<FastifyReply, Map<string, Quota>>();

/** Says on a reply, whatever it becomes, how a budget of its client stands; the latest word on each budget counts. */
export function announceQuota(reply: FastifyReply, quota: Quota): void {
  const quotas = KNOWN.get(reply) ?? new Map<string, Quota>();
  KNOWN.set(reply, quotas.set(quota.budget, quota));
  for (const [name, value] of rateLimitHeaders([...quotas.values()])) reply.header(name, value);
}
