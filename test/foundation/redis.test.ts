import { inspect } from "node:util";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { Redis as Client } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openRedis, type Redis } from "../../foundation/redis.js";
import type { RedisPlace } from "../../foundation/redis/place.js";
import { MASTER_NAME, startClusterFleet, startSentinelFleet, until } from "../support/redis-fleet.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";

let server: RedisServer;
const opened: Redis[] = [];

async function open(place: RedisPlace | string = server.url): Promise<Redis> {
  const redis = await openRedis(place, { connectTimeoutMs: 2_000, commandTimeoutMs: 500 });
  opened.push(redis);
  return redis;
}

const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );
const NO_ACCESS = { username: undefined, password: undefined, tls: false } as const;

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
});

describe("redis out of reach", () => {
  it("refuses to open", async () => {
    await expect(open("redis://127.0.0.1:1")).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
      detail: "redis: ECONNREFUSED",
    });
  });

  it("fails each call at once, and mends itself when the server is back", async () => {
    const own = await startRedisServer();
    const redis = await open(own.url);
    await own.kill();
    await until(async () => !(await answers(redis)));
    await expect(redis.ping()).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    const again = await startRedisServer({ port: own.port });
    try {
      await until(() => answers(redis));
    } finally {
      await again.kill();
    }
  });

  it("keeps nothing for later: what was asked meanwhile never arrives", async () => {
    const own = await startRedisServer();
    const redis = await open(own.url);
    await own.kill();
    await until(async () => !(await answers(redis)));
    await expect(redis.client.set("late", "1")).rejects.toThrow();
    const again = await startRedisServer({ port: own.port });
    try {
      await until(() => answers(redis));
      await expect(redis.client.get("late")).resolves.toBeNull();
    } finally {
      await again.kill();
    }
  });

  it("gives up on a server that accepts and never answers", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    await expect(open(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    silent.close();
  });
});

describe("a driver that gave up", () => {
  it("is brought back, and let go when it is closed", async () => {
    const redis = await open();
    const ended = new Promise<void>((resolve) => redis.client.once("end", resolve));
    redis.client.disconnect();
    await ended;
    await expect(redis.ping()).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await until(() => answers(redis));
    await redis.close();
    opened.splice(opened.indexOf(redis), 1);
    expect(redis.client.listenerCount("end")).toBe(0);
  });
});

describe("what redis says of itself", () => {
  it("never shows a password or an address, neither in the detail nor in a cause", async () => {
    const locked = await startRedisServer({ password: "the-right-password" });
    try {
      await expect(open(locked.url)).resolves.toBeDefined();
      const wrong = `redis://operator:the-wrong-password@127.0.0.1:${locked.port}`;
      const error = await open(wrong).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "SERVICE_UNAVAILABLE", detail: "redis: WRONGPASS" });
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).not.toMatch(/the-wrong-password|operator|127\.0\.0\.1:/);
      expect(await open(`redis://127.0.0.1:${locked.port}`).catch((caught: unknown) => caught)).toMatchObject(
        { detail: "redis: NOAUTH" },
      );
    } finally {
      await locked.kill();
    }
  });
});

describe("redis behind sentinels", () => {
  it("finds the master, and the new one when that is gone", async () => {
    const fleet = await startSentinelFleet();
    try {
      const redis = await open({
        kind: "sentinel",
        sentinels: fleet.nodes,
        name: MASTER_NAME,
        sentinelPassword: undefined,
        ...NO_ACCESS,
      });
      // A replica answers for the writes of the connection that asks it, so both go through one of its own.
      const writer = new Client(fleet.master.port, fleet.master.host);
      await writer.set("kept", "1");
      expect(await writer.wait(1, 20_000)).toBe(1);
      writer.disconnect();
      await fleet.killMaster();
      await until(async () => (await redis.client.set("after", "1")) === "OK");
      expect(await redis.client.get("kept")).toBe("1");
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it("refuses to open when no sentinel answers", async () => {
    const nobody = { host: "127.0.0.1", port: 1 };
    await expect(
      open({ kind: "sentinel", sentinels: [nobody], name: "x", sentinelPassword: undefined, ...NO_ACCESS }),
    ).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });
});

describe("a cluster of redis", () => {
  it("is used whole from any node, and what one node held fails at once when that node is gone", async () => {
    const fleet = await startClusterFleet();
    try {
      const redis = await open({ kind: "cluster", nodes: fleet.nodes.slice(2), ...NO_ACCESS });
      const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);
      for (const key of keys) await redis.client.set(key, "1");
      await fleet.killMaster();
      const outcomes = async (): Promise<readonly boolean[]> =>
        Promise.all(
          keys.map((key) =>
            redis.client.get(key).then(
              () => true,
              () => false,
            ),
          ),
        );
      await until(async () => (await outcomes()).includes(true));
      const after = await outcomes();
      expect(new Set(after)).toEqual(new Set([true, false]));
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it("refuses to open when no node answers", async () => {
    await expect(
      open({ kind: "cluster", nodes: [{ host: "127.0.0.1", port: 1 }], ...NO_ACCESS }),
    ).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });
});
