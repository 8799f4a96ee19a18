import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRequestBudget, type RequestBudget } from "../../../gateway/receive/request-budget.js";
import { type RedisServer, startRedisServer } from "../../support/redis-server.js";

async function taken(budget: RequestBudget, client: string, tries: number): Promise<number> {
  let count = 0;
  for (let i = 0; i < tries; i++) {
    const outcome = await budget.take(client).then(
      () => "ok",
      (error: { code: string; facts: { retryAfterSeconds: number } }) => {
        expect(error.code).toBe("RATE_LIMITED");
        expect(error.facts.retryAfterSeconds).toBeGreaterThan(0);
        return "limited";
      },
    );
    if (outcome === "ok") count += 1;
  }
  return count;
}

describe("a budget of one process alone", () => {
  it("gives each client its own requests and no more", async () => {
    const budget = await createRequestBudget({ redisUrl: undefined, requestsPerMinute: 5 });
    expect(await taken(budget, "bank:a", 8)).toBe(5);
    expect(await taken(budget, "bank:b", 8)).toBe(5);
    await budget.close();
  });
});

describe("a budget that two gateways share on a real Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  }, 120_000);
  afterAll(async () => redis.stop());

  it("is one budget; with Redis gone each allows half of it by itself, never all and never none", async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(() => createRequestBudget({ redisUrl: redis.url, requestsPerMinute: 10 })),
    );
    if (one === undefined || other === undefined) throw new Error("no budget");
    expect((await taken(one, "bank:a", 6)) + (await taken(other, "bank:a", 6))).toBe(10);
    await redis.kill();
    expect(await taken(one, "bank:b", 10)).toBe(5);
    expect(await taken(other, "bank:b", 10)).toBe(5);
    await Promise.all([one.close(), other.close()]);
  });

  it("refuses to start on a Redis that does not answer", async () => {
    await expect(
      createRequestBudget({ redisUrl: "redis://127.0.0.1:1", requestsPerMinute: 10 }),
    ).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });
});
