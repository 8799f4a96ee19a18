import { Cluster, Redis as Client, type RedisOptions as ClientOptions } from "ioredis";
import type { RedisPlace } from "./place.js";

/** A client that is told where to go and is not connected yet. */
export type RedisClient = Client | Cluster;

/** Bounds of a client, in milliseconds. */
export interface ClientLimits {
  readonly connectTimeoutMs: number;
  /** A command without an answer for this long is given up. */
  readonly commandTimeoutMs: number;
}

type Options = ClientOptions & { readonly replyMapping: "legacy" };

/** In a cluster a command is tried again at most so often, while a node is replaced. */
const REDIRECTIONS_MAX = 4;
const REDIRECTION_DELAY_MS = 20;

/**
 * Makes a client of any kind of place. It keeps nothing for later: a command is sent now or fails now, and is never sent
 * twice, because a count that is sent twice is a wrong count.
 */
export function createClient(place: RedisPlace, limits: ClientLimits): RedisClient {
  const options = optionsOf(limits);
  switch (place.kind) {
    case "standalone":
      return new Client(place.url, options);
    case "sentinel":
      return new Client({
        ...options,
        ...accessOf(place),
        sentinels: place.sentinels.map(({ host, port }) => ({ host, port })),
        name: place.name,
        sentinelCommandTimeout: limits.connectTimeoutMs,
        sentinelRetryStrategy: retryDelayMs,
        enableTLSForSentinelMode: place.tls,
        ...(place.tls ? { sentinelTLS: {} } : {}),
        ...(place.sentinelPassword === undefined
          ? {}
          : { sentinelPassword: place.sentinelPassword.reveal() }),
      });
    case "cluster":
      return new Cluster(
        place.nodes.map(({ host, port }) => ({ host, port })),
        {
          lazyConnect: true,
          enableOfflineQueue: false,
          clusterRetryStrategy: retryDelayMs,
          maxRedirections: REDIRECTIONS_MAX,
          retryDelayOnFailover: REDIRECTION_DELAY_MS,
          retryDelayOnClusterDown: REDIRECTION_DELAY_MS,
          retryDelayOnTryAgain: REDIRECTION_DELAY_MS,
          slotsRefreshTimeout: limits.connectTimeoutMs,
          redisOptions: { ...options, ...accessOf(place) },
        },
      );
    default:
      return place satisfies never;
  }
}

/** The driver's own tries are for a connection that broke; this is for a client that gave up. */
const REVIVE_AFTER_MS = 1_000;

/**
 * Keeps a connected client alive: the driver ends for good when a connection is lost at certain moments, such as while it
 * still asks the sentinels for the master, and a client that ended never mends by itself. Answers with a function that
 * lets it end.
 */
export function keepAlive(client: RedisClient): () => void {
  let timer: NodeJS.Timeout | undefined;
  const revive = (): void => {
    timer = setTimeout(() => {
      client.connect().catch(() => {});
    }, REVIVE_AFTER_MS).unref();
  };
  client.on("end", revive);
  return () => {
    client.off("end", revive);
    clearTimeout(timer);
  };
}

function optionsOf({ connectTimeoutMs, commandTimeoutMs }: ClientLimits): Options {
  return {
    replyMapping: "legacy",
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A server that accepts and never answers is given up, so that the next command does not wait for it again.
    socketTimeout: Math.max(commandTimeoutMs * 2, 1_000),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryDelayMs,
    // A master that was demoted answers reads and refuses counts; the new one is found by connecting again.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 1 : false),
  };
}

function accessOf(
  place: Exclude<RedisPlace, { readonly kind: "standalone" }>,
): Pick<ClientOptions, "username" | "password" | "tls"> {
  return {
    ...(place.username === undefined ? {} : { username: place.username }),
    ...(place.password === undefined ? {} : { password: place.password.reveal() }),
    ...(place.tls ? { tls: {} } : {}),
  };
}

function retryDelayMs(attempt: number): number {
  return Math.min(attempt * 100, 2_000);
}
