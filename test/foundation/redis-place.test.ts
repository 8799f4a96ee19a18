import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { hostAndPort } from "../../foundation/config/parsers.js";
import { ConfigError, describeConfig, loadConfig } from "../../foundation/config.js";
import { REDIS_SETTINGS, redisPlaceOf, redisRelations } from "../../foundation/redis/place.js";

function load(environment: Record<string, string>) {
  return loadConfig(REDIS_SETTINGS, { environment, readFile: () => "", relations: redisRelations });
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    load(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const SENTINELS = { XINQIAO_REDIS_SENTINELS: "s1:26379,s2:26379", XINQIAO_REDIS_SENTINEL_NAME: "budgets" };
const CLUSTER = { XINQIAO_REDIS_CLUSTER: "[::1]:7000,n2:7000" };
const URL_ONLY = { XINQIAO_REDIS_URL: "redis://x" };

describe("the place of redis", () => {
  it("is nowhere, one address, behind sentinels or a cluster", () => {
    expect(redisPlaceOf(load({}))).toBeUndefined();
    expect(redisPlaceOf(load(URL_ONLY))).toEqual({ kind: "standalone", url: "redis://x" });
    expect(redisPlaceOf(load(SENTINELS))).toMatchObject({
      kind: "sentinel",
      name: "budgets",
      sentinels: [
        { host: "s1", port: 26_379 },
        { host: "s2", port: 26_379 },
      ],
    });
    expect(redisPlaceOf(load({ ...CLUSTER, XINQIAO_REDIS_TLS: "true" }))).toMatchObject({
      kind: "cluster",
      tls: true,
      nodes: [
        { host: "::1", port: 7_000 },
        { host: "n2", port: 7_000 },
      ],
    });
  });

  it.each([
    [{ ...URL_ONLY, ...CLUSTER }, ["XINQIAO_REDIS_URL and XINQIAO_REDIS_CLUSTER are set together; keep one"]],
    [
      { ...URL_ONLY, ...SENTINELS },
      ["XINQIAO_REDIS_URL and XINQIAO_REDIS_SENTINELS are set together; keep one"],
    ],
    [
      { ...SENTINELS, ...CLUSTER },
      ["XINQIAO_REDIS_SENTINELS and XINQIAO_REDIS_CLUSTER are set together; keep one"],
    ],
    [
      { XINQIAO_REDIS_SENTINELS: "s1:1" },
      ["XINQIAO_REDIS_SENTINEL_NAME is required with XINQIAO_REDIS_SENTINELS"],
    ],
    [
      { XINQIAO_REDIS_SENTINEL_NAME: "x", XINQIAO_REDIS_SENTINEL_PASSWORD: "p" },
      [
        "XINQIAO_REDIS_SENTINEL_NAME needs XINQIAO_REDIS_SENTINELS",
        "XINQIAO_REDIS_SENTINEL_PASSWORD needs XINQIAO_REDIS_SENTINELS",
      ],
    ],
    [
      { ...URL_ONLY, XINQIAO_REDIS_PASSWORD: "p", XINQIAO_REDIS_TLS: "true" },
      [
        "XINQIAO_REDIS_PASSWORD needs XINQIAO_REDIS_SENTINELS or XINQIAO_REDIS_CLUSTER",
        "XINQIAO_REDIS_TLS needs XINQIAO_REDIS_SENTINELS or XINQIAO_REDIS_CLUSTER",
      ],
    ],
    [{ ...CLUSTER, XINQIAO_REDIS_USERNAME: "u" }, ["XINQIAO_REDIS_USERNAME needs XINQIAO_REDIS_PASSWORD"]],
  ])("is refused where settings contradict each other: %j", (environment, problems) => {
    expect(problemsOf(environment)).toEqual(problems);
  });

  it("hides what is secret", () => {
    const values = load({
      ...SENTINELS,
      XINQIAO_REDIS_PASSWORD: "hush-1",
      XINQIAO_REDIS_SENTINEL_PASSWORD: "hush-2",
    });
    const shown = JSON.stringify(describeConfig(REDIS_SETTINGS, values)) + inspect(redisPlaceOf(values));
    expect(shown).not.toContain("hush");
    expect(shown).toContain("s1:26379,s2:26379");
  });
});

describe("a host and a port", () => {
  it.each(["h:1", "10.0.0.1:65535", "[2001:db8::1]:6379", "a-b.example:80"])("may be %s", (text) => {
    const { parse, format } = hostAndPort();
    const value = parse(text);
    expect(value && format?.(value)).toBe(text);
  });

  it.each(["h", "h:0", "h:65536", "h:x", ":1", "u@h:1", "::1:6379", "redis://h:1", "h:1/0", "h :1"])(
    "may not be %s",
    (text) => {
      expect(hostAndPort().parse(text)).toBeUndefined();
    },
  );
});
