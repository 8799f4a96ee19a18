import { boolean, connectionString, hostAndPort, type HostAndPort, list, string } from "../config/parsers.js";
import type { Secret } from "../config/secret.js";
import { optional, optionalSecret, type Values, withDefault } from "../config.js";

/** How to sign in where the address cannot say it. */
interface Access {
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly tls: boolean;
}

/** Where Redis is: one server, a master that sentinels watch over, or a cluster. */
export type RedisPlace =
  | { readonly kind: "standalone"; readonly url: string }
  | (Access & {
      readonly kind: "sentinel";
      readonly sentinels: readonly HostAndPort[];
      /** The name under which the sentinels know the master. */
      readonly name: string;
      readonly sentinelPassword: Secret | undefined;
    })
  | (Access & { readonly kind: "cluster"; readonly nodes: readonly HostAndPort[] });

/** Settings of the Redis that several gateways share. */
export const REDIS_SETTINGS = {
  redisUrl: optionalSecret({
    env: "XINQIAO_REDIS_URL",
    doc: "One Redis that several gateways share for budgets; absent keeps them in each process.",
    parse: connectionString(["redis", "rediss"]),
  }),
  redisSentinels: withDefault({
    env: "XINQIAO_REDIS_SENTINELS",
    doc: "Sentinels that know the Redis master, instead of one address.",
    parse: list(hostAndPort(), 20),
    default: [],
  }),
  redisSentinelName: optional({
    env: "XINQIAO_REDIS_SENTINEL_NAME",
    doc: "Name of the master that the sentinels watch.",
    parse: string(100),
  }),
  redisSentinelPassword: optionalSecret({
    env: "XINQIAO_REDIS_SENTINEL_PASSWORD",
    doc: "Password of the sentinels themselves.",
    parse: string(1_000),
  }),
  redisCluster: withDefault({
    env: "XINQIAO_REDIS_CLUSTER",
    doc: "Nodes of a Redis Cluster to begin with, instead of one address; the others are found through them.",
    parse: list(hostAndPort(), 100),
    default: [],
  }),
  redisUsername: optional({
    env: "XINQIAO_REDIS_USERNAME",
    doc: "Name to sign in with behind sentinels or in a cluster; with one address it stands in the address.",
    parse: string(200),
  }),
  redisPassword: optionalSecret({
    env: "XINQIAO_REDIS_PASSWORD",
    doc: "Password behind sentinels or in a cluster; with one address it stands in the address.",
    parse: string(1_000),
  }),
  redisTls: withDefault({
    env: "XINQIAO_REDIS_TLS",
    doc: "Encrypts behind sentinels or in a cluster; with one address rediss:// says it.",
    parse: boolean(),
    default: false,
  }),
};

type RedisSettings = Values<typeof REDIS_SETTINGS>;

/** What must hold between these settings; one sentence for each that does not. */
export function redisRelations(values: RedisSettings): string[] {
  const ways = {
    XINQIAO_REDIS_URL: values.redisUrl !== undefined,
    XINQIAO_REDIS_SENTINELS: values.redisSentinels.length > 0,
    XINQIAO_REDIS_CLUSTER: values.redisCluster.length > 0,
  };
  const given = Object.entries(ways).flatMap(([env, isGiven]) => (isGiven ? [env] : []));
  const problems: string[] = [];
  if (given.length > 1) problems.push(`${given.join(" and ")} are set together; keep one`);
  const bySentinels = ways.XINQIAO_REDIS_SENTINELS;
  if (bySentinels && values.redisSentinelName === undefined)
    problems.push("XINQIAO_REDIS_SENTINEL_NAME is required with XINQIAO_REDIS_SENTINELS");
  const needsSentinels = {
    XINQIAO_REDIS_SENTINEL_NAME: values.redisSentinelName,
    XINQIAO_REDIS_SENTINEL_PASSWORD: values.redisSentinelPassword,
  };
  for (const [env, value] of Object.entries(needsSentinels))
    if (value !== undefined && !bySentinels) problems.push(`${env} needs XINQIAO_REDIS_SENTINELS`);
  const needsMany = {
    XINQIAO_REDIS_USERNAME: values.redisUsername,
    XINQIAO_REDIS_PASSWORD: values.redisPassword,
    XINQIAO_REDIS_TLS: values.redisTls || undefined,
  };
  for (const [env, value] of Object.entries(needsMany))
    if (value !== undefined && !bySentinels && !ways.XINQIAO_REDIS_CLUSTER)
      problems.push(`${env} needs XINQIAO_REDIS_SENTINELS or XINQIAO_REDIS_CLUSTER`);
  if (values.redisUsername !== undefined && values.redisPassword === undefined)
    problems.push("XINQIAO_REDIS_USERNAME needs XINQIAO_REDIS_PASSWORD");
  return problems;
}

/** The place that the settings name; `undefined` where they name none. */
export function redisPlaceOf(values: RedisSettings): RedisPlace | undefined {
  if (values.redisUrl !== undefined) return { kind: "standalone", url: values.redisUrl.reveal() };
  const access = { username: values.redisUsername, password: values.redisPassword, tls: values.redisTls };
  if (values.redisCluster.length > 0) return { kind: "cluster", nodes: values.redisCluster, ...access };
  if (values.redisSentinels.length === 0 || values.redisSentinelName === undefined) return undefined;
  return {
    kind: "sentinel",
    sentinels: values.redisSentinels,
    name: values.redisSentinelName,
    sentinelPassword: values.redisSentinelPassword,
    ...access,
  };
}
