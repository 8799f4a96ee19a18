import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createLimiter, type Limiter } from "../../foundation/redis/limiter.js";
import { openRedis, type Redis } from "../../foundation/redis.js";
import type { RedisPlace } from "../../foundation/redis/place.js";
import { MASTER_NAME, startClusterFleet, startSentinelFleet, until } from "../support/redis-fleet.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";

const opened: Redis[] = [];

async function open(place: RedisPlace | string): Promise<Redis> {
  const redis = await openRedis(place, { connectTimeoutMs: 2_000, commandTimeoutMs: 500 });
  opened.push(redis);
  return redis;
}

afterEach(async () => {
  for (const redis of opened.splice(0)) await redis.close();
});

function limiter(redis: Redis | undefined, limit: number, name = "test"): Limiter {
  return createLimiter({ redis, name, limit, windowSeconds: 60, localPercent: 50 });
}

async function admitted(
  limiters: readonly Limiter[],
  key: readonly string[],
  tries: number,
): Promise<number> {
  const each = Array.from({ length: tries }, (_, i) => limiters[i % limiters.length] as Limiter);
  const outcomes = await Promise.all(each.map((one) => one.spend(key, 1)));
  return outcomes.filter(({ isAdmitted }) => isAdmitted).length;
}

describe("a limiter of one process alone", () => {
  it("gives each key its own limit and no more", async () => {
    const alone = limiter(undefined, 5);
    expect(await admitted([alone], ["a"], 8)).toBe(5);
    expect(await admitted([alone], ["b"], 8)).toBe(5);
  });

  it("says what is left and when it is whole again", async () => {
    const alone = limiter(undefined, 10);
    expect(await alone.spend(["a"], 4)).toMatchObject({ isAdmitted: true, limit: 10, remaining: 6 });
    const { resetsInMs } = await alone.spend(["a"], 6);
    expect(resetsInMs).toBeGreaterThan(0);
    expect(resetsInMs).toBeLessThanOrEqual(60_000);
  });

  it("takes nothing for what it refuses", async () => {
    const alone = limiter(undefined, 100);
    await alone.spend(["a"], 60);
    expect(await alone.spend(["a"], 60)).toMatchObject({ isAdmitted: false, remaining: 40 });
    expect(await alone.spend(["a"], 40)).toMatchObject({ isAdmitted: true, remaining: 0 });
  });

  it("charges what became known afterwards, beyond the limit too", async () => {
    const alone = limiter(undefined, 100);
    await alone.charge(["a"], 150);
    expect(await alone.spend(["a"], 1)).toMatchObject({ isAdmitted: false, remaining: 0 });
  });

  it("holds a bounded number of keys and forgets the one used longest ago", async () => {
    const window = { redis: undefined, name: "test", limit: 1, windowSeconds: 60, localPercent: 50 };
    const alone = createLimiter({ ...window, localKeysMax: 100 });
    await alone.spend(["first"], 1);
    await alone.spend(["kept"], 1);
    for (let i = 0; i < 99; i += 1) await alone.spend([String(i)], 1);
    expect((await alone.spend(["kept"], 1)).isAdmitted).toBe(false);
    expect((await alone.spend(["first"], 1)).isAdmitted).toBe(true);
  });

  it.each([
    [["a", "b"], ["a:b"]],
    [["a", "b"], ["ab"]],
    [["a\nb"], ["a", "b"]],
    [['a","b'], ["a", "b"]],
  ])("keeps the keys %j and %j apart", async (one, other) => {
    const alone = limiter(undefined, 1);
    expect((await alone.spend(one, 1)).isAdmitted).toBe(true);
    expect((await alone.spend(other, 1)).isAdmitted).toBe(true);
  });
});

describe("a limiter that two processes share on one Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  }, 120_000);
  afterAll(async () => server.stop());

  it("is one limit to the last point, however the requests arrive", async () => {
    const both = [limiter(await open(server.url), 100), limiter(await open(server.url), 100)];
    expect(await admitted(both, ["a"], 300)).toBe(100);
    expect(await admitted(both, ["b"], 99)).toBe(99);
  });

  it("takes nothing for what it refuses, at either", async () => {
    const [one, other] = [limiter(await open(server.url), 100), limiter(await open(server.url), 100)];
    await one.spend(["c"], 60);
    expect(await other.spend(["c"], 60)).toMatchObject({ isAdmitted: false, remaining: 40, limit: 100 });
    expect(await one.spend(["c"], 40)).toMatchObject({ isAdmitted: true, remaining: 0 });
  });

  it("keeps limiters of different names apart", async () => {
    const redis = await open(server.url);
    expect(await admitted([limiter(redis, 1, "one")], ["d"], 2)).toBe(1);
    expect(await admitted([limiter(redis, 1, "two")], ["d"], 2)).toBe(1);
  });

  it("ends a window when it is told to", async () => {
    const shared = limiter(await open(server.url), 1);
    const { resetsInMs } = await shared.spend(["e"], 1, 7);
    expect(resetsInMs).toBeGreaterThan(0);
    expect(resetsInMs).toBeLessThanOrEqual(7_000);
  });

  it("without Redis allows each process its share, never all and never none, and is shared again when it is back", async () => {
    const own = await startRedisServer();
    const both = [limiter(await open(own.url), 100), limiter(await open(own.url), 100)] as const;
    expect(await admitted(both, ["before"], 300)).toBe(100);
    await own.kill();
    for (const one of both) {
      expect(await admitted([one], ["during"], 300)).toBe(50);
      expect(await one.spend(["during"], 1)).toMatchObject({ isAdmitted: false, limit: 50, remaining: 0 });
    }
    const again = await startRedisServer({ port: own.port });
    try {
      for (const one of both) await until(async () => (await one.spend(["probe"], 1)).limit === 100);
      expect(await admitted(both, ["after"], 300)).toBe(100);
    } finally {
      await again.kill();
    }
  });

  it("with a Redis that accepts and never answers allows its share too, and is shared again when it answers", async () => {
    const own = await startRedisServer();
    const shared = limiter(await open(own.url), 100);
    expect(await admitted([shared], ["before"], 300)).toBe(100);
    own.freeze();
    expect(await admitted([shared], ["during"], 300)).toBe(50);
    expect(await admitted([shared], ["during"], 300)).toBe(0);
    own.thaw();
    try {
      await until(async () => (await shared.spend(["probe"], 1)).limit === 100);
      expect(await admitted([shared], ["after"], 300)).toBe(100);
    } finally {
      await own.kill();
    }
  });

  it("gives nothing back to Redis that was counted here", async () => {
    const own = await startRedisServer();
    const shared = limiter(await open(own.url), 100);
    await own.kill();
    await shared.spend(["f"], 40);
    expect(await shared.spend(["f"], 40)).toMatchObject({ isAdmitted: false, limit: 50, remaining: 10 });
    const again = await startRedisServer({ port: own.port });
    try {
      await until(async () => (await shared.spend(["probe"], 1)).limit === 100);
      expect(await shared.spend(["f"], 100)).toMatchObject({ isAdmitted: true, remaining: 0 });
    } finally {
      await again.kill();
    }
  });
});

const NO_ACCESS = { username: undefined, password: undefined, tls: false } as const;

describe("a limiter on several Redis servers", () => {
  it("is one limit behind sentinels, before and after the master is replaced", async () => {
    const fleet = await startSentinelFleet();
    try {
      const place: RedisPlace = {
        kind: "sentinel",
        sentinels: fleet.nodes,
        name: MASTER_NAME,
        sentinelPassword: undefined,
        ...NO_ACCESS,
      };
      const both = [limiter(await open(place), 100), limiter(await open(place), 100)] as const;
      expect(await admitted(both, ["a"], 300)).toBe(100);
      await fleet.killMaster();
      for (const one of both) await until(async () => (await one.spend(["probe"], 1)).limit === 100);
      expect(await admitted(both, ["b"], 300)).toBe(100);
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it("is one limit in a cluster, whichever node a key is on, and a share for the keys of a node that is gone", async () => {
    const fleet = await startClusterFleet();
    try {
      const place: RedisPlace = { kind: "cluster", nodes: fleet.nodes, ...NO_ACCESS };
      const both = [limiter(await open(place), 10), limiter(await open(place), 10)] as const;
      const keys = Array.from({ length: 12 }, (_, i) => [`key-${i}`]);
      for (const key of keys) expect(await admitted(both, key, 30)).toBe(10);
      await fleet.killMaster();
      const limits = await Promise.all(
        keys.map(async (_, i) => (await both[0].spend([`later-${i}`], 1)).limit),
      );
      expect(new Set(limits)).toEqual(new Set([5, 10]));
    } finally {
      await fleet.stop();
    }
  }, 120_000);
});
