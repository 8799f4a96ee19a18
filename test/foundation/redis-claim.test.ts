import { setTimeout as delay } from "node:timers/promises";
import { Redis as Client } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openRedis, type Redis } from "../../foundation/redis.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";

let server: RedisServer;
const opened: Redis[] = [];

async function open(): Promise<Redis> {
  const redis = await openRedis(server.url, { connectTimeoutMs: 2_000 });
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

describe("a key that may be noted once", () => {
  it("is the first caller's, over instances, until its window ends", async () => {
    const [one, other] = [await open(), await open()];
    expect((await one.claim("{1}:a", "{1}:since", 60_000)).isFirst).toBe(true);
    expect((await other.claim("{1}:a", "{1}:since", 60_000)).isFirst).toBe(false);
    expect((await other.claim("{1}:b", "{1}:since", 20)).isFirst).toBe(true);
    await delay(60);
    expect((await one.claim("{1}:b", "{1}:since", 20)).isFirst).toBe(true);
  });

  it("comes with how far the memory reaches back, which starts anew when the server lost what it held", async () => {
    const redis = await open();
    expect((await redis.claim("{2}:a", "{2}:since", 60_000)).memoryMs).toBe(0);
    await delay(120);
    expect((await redis.claim("{2}:b", "{2}:since", 60_000)).memoryMs).toBeGreaterThanOrEqual(100);
    const admin = new Client(server.url);
    await admin.flushall();
    await admin.quit();
    expect(await redis.claim("{2}:a", "{2}:since", 60_000)).toEqual({ isFirst: true, memoryMs: 0 });
  });
});
