import { LRUCache } from "lru-cache";
import type { DocumentNode } from "graphql";
import PQueue from "p-queue";
import { BureauError } from "../../schema/errors.js";
import type { Plan } from "../graph/plan.js";
import type { Planner } from "./planner.js";

/** Bounds of planning; a plan costs far more than it takes to ask for one. */
export interface PlanningLimits {
  /** Plans in the making at once. */
  readonly concurrencyMax: number;
  /** Operations that wait for their turn; more are turned away at once. */
  readonly waitingMax: number;
  /** How long an operation waits for its plan, its turn included. */
  readonly timeoutMs: number;
  readonly cachedPlansMax: number;
  /** Approximate: UTF-16 text of the plan and its key, two bytes a character. */
  readonly cachedBytesMax: number;
}

export const PLANNING_LIMITS: PlanningLimits = {
  concurrencyMax: 2,
  waitingMax: 64,
  timeoutMs: 2_000,
  cachedPlansMax: 2_000,
  cachedBytesMax: 64 * 1024 * 1024,
};

/** An operation to be planned. */
export interface PlanRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** Names the operation's text: two operations of one key share a plan. */
  readonly key: string;
}

/** Plans of one supergraph: whoever asks for the same operation gets the same plan, whatever it may see. */
export interface Planning {
  /**
   * Resolves to the plan, made once and shared by all who wait for it.
   * @throws SERVICE_UNAVAILABLE when too many wait, DEADLINE_EXCEEDED when it took too long
   */
  plan(request: PlanRequest): Promise<Plan>;
  /** For operators: how full the cache is. */
  readonly cached: { readonly plans: number; readonly bytes: number };
}

/** Puts a queue and a cache in front of a planner. A new supergraph has a planning of its own. */
export function createPlanning(planner: Planner, limits: PlanningLimits): Planning {
  const queue = new PQueue({ concurrency: limits.concurrencyMax });
  const cache = new LRUCache<string, Plan>({
    max: limits.cachedPlansMax,
    maxSize: limits.cachedBytesMax,
    // A plan larger than the whole cache is used once and forgotten.
    sizeCalculation: (plan, key) => 2 * (JSON.stringify(plan).length + key.length) + 1,
  });
  const underway = new Map<string, Promise<Plan>>();
  const start = (request: PlanRequest, key: string): Promise<Plan> => {
    if (queue.size >= limits.waitingMax)
      throw new BureauError("SERVICE_UNAVAILABLE", `${limits.waitingMax} operations wait to be planned`);
    const planned = queue
      .add(() => planner.plan(request.document, request.operationName))
      .then((plan) => {
        cache.set(key, plan);
        return plan;
      })
      .finally(() => underway.delete(key));
    underway.set(key, planned);
    // Whoever waits hears of a failure; when all of them have left, nobody needs to.
    planned.catch(() => {});
    return planned;
  };
  return {
    plan: async (request) => {
      const key = `${request.operationName ?? ""}\n${request.key}`;
      const known = cache.get(key);
      if (known !== undefined) return known;
      return within(underway.get(key) ?? start(request, key), limits.timeoutMs);
    },
    get cached() {
      return { plans: cache.size, bytes: cache.calculatedSize };
    },
  };
}

/** A plan in the making cannot be stopped half-way; its place in the queue stays taken until it is made. */
async function within(planned: Promise<Plan>, timeoutMs: number): Promise<Plan> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new BureauError("DEADLINE_EXCEEDED", `no plan within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([planned, late]);
  } finally {
    clearTimeout(timer);
  }
}
