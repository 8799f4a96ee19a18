import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openRedis, type Redis } from "../../foundation/redis.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";

let server: RedisServer;
const opened: Redis[] = [];

async function open(url = server.url): Promise<Redis> {
  const redis = await openRedis(url, { connectTimeoutMs: 500 });
  opened.push(redis);
  return redis;
}

beforeAll(async () => {
  server = await startRedisServer();
}, 120_000);

afterEach(async () => {
  for (const redis of opened.splice(0)) await redis.close();
});

afterAll(async () => {
  await server.stop();
});

describe("redis", () => {
  it("answers a ping", async () => {
    const redis = await open();
    await expect(redis.ping()).resolves.toBeUndefined();
  });

  it("adds up a budget over instances, and forgets it when its window ends", async () => {
    const [one, other] = [await open(), await open()];
    await one.spend("budget", 3, 200);
    const spent = await other.spend("budget", 4, 200);
    expect(spent.amount).toBe(7);
    expect(spent.resetsInMs).toBeGreaterThan(0);
    expect(spent.resetsInMs).toBeLessThanOrEqual(200);
    await delay(250);
    expect((await one.spend("budget", 1, 200)).amount).toBe(1);
  });
});

describe("redis out of reach", () => {
  it("refuses to open", async () => {
    await expect(open("redis://127.0.0.1:1")).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });

  it("fails each call at once, and mends itself when the server is back", async () => {
    const own = await startRedisServer();
    const redis = await open(own.url);
    await own.kill();
    await delay(50);
    await expect(redis.spend("x", 1, 1_000)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    const again = await startRedisServer({ port: Number(new URL(own.url).port) });
    try {
      let isBack = false;
      for (let tries = 0; tries < 100 && !isBack; tries += 1) {
        await delay(50);
        isBack = await redis.ping().then(
          () => true,
          () => false,
        );
      }
      expect(isBack).toBe(true);
    } finally {
      await again.kill();
    }
  });
});
