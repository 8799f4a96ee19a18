import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis as Client } from "ioredis";
import type { HostAndPort } from "../../foundation/config/parsers.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

/** Several Redis processes that belong together; all of them end with `stop`. */
export interface RedisFleet {
  readonly nodes: readonly HostAndPort[];
  readonly master: HostAndPort;
  /** The process that serves commands, as a crash would end it; another takes over. */
  killMaster(): Promise<void>;
  stop(): Promise<void>;
}

export const MASTER_NAME = "budgets";

/** A master with a replica, and a sentinel that puts the replica in its place within a second or two. */
export async function startSentinelFleet(): Promise<RedisFleet> {
  const started: RedisServer[] = [];
  const start = async (options: Parameters<typeof startRedisServer>[0]): Promise<RedisServer> => {
    const server = await startRedisServer(options);
    started.push(server);
    return server;
  };
  const master = await start({ argsOf: () => ["--repl-diskless-sync-delay", "0"] });
  const replica = await start({ argsOf: () => ["--replicaof", "127.0.0.1", String(master.port)] });
  // A sentinel looks at its master every ten seconds only: at its first look the replica is there.
  await asked(replica, ["INFO", "replication"], (state) => /master_link_status:up/.test(String(state)));
  const sentinel = await start({ argsOf: ({ folder }) => sentinelArgs(folder, master.port) });
  await asked(sentinel, ["SENTINEL", "replicas", MASTER_NAME], (known) => (known as unknown[]).length === 1);
  return {
    nodes: [{ host: "127.0.0.1", port: sentinel.port }],
    master: { host: "127.0.0.1", port: master.port },
    killMaster: () => master.kill(),
    stop: async () => void (await Promise.all(started.map((server) => server.kill()))),
  };
}

/** The sentinel keeps what it learns in its file, so it must have one. */
function sentinelArgs(folder: string, masterPort: number): readonly string[] {
  const file = join(folder, "sentinel.conf");
  const lines = [
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 1`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 500`,
    `sentinel failover-timeout ${MASTER_NAME} 2000`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return [file, "--sentinel"];
}

const SLOTS = 16_384;
const CLUSTER_SIZE = 3;

/** Three masters that share the slots and have no replicas. */
export async function startClusterFleet(): Promise<RedisFleet> {
  const servers = await Promise.all(
    Array.from({ length: CLUSTER_SIZE }, () =>
      startRedisServer({
        argsOf: ({ port }) => [
          "--cluster-enabled",
          "yes",
          "--cluster-config-file",
          `nodes-${port}.conf`,
          "--cluster-node-timeout",
          "1000",
          "--cluster-require-full-coverage",
          "no",
        ],
      }),
    ),
  );
  const clients = servers.map(({ port }) => new Client(port, "127.0.0.1"));
  const [first] = servers;
  if (first === undefined) throw new Error("no cluster");
  for (const [i, client] of clients.entries()) {
    const from = Math.floor((SLOTS * i) / CLUSTER_SIZE);
    const until = Math.floor((SLOTS * (i + 1)) / CLUSTER_SIZE);
    await client.call("CLUSTER", "ADDSLOTSRANGE", from, until - 1);
    if (i > 0) await client.call("CLUSTER", "MEET", "127.0.0.1", first.port);
  }
  await until(async () => {
    const states = await Promise.all(clients.map((client) => client.call("CLUSTER", "INFO")));
    return states.every(
      (state) => /cluster_state:ok/.test(String(state)) && /cluster_known_nodes:3/.test(String(state)),
    );
  });
  for (const client of clients) client.disconnect();
  return {
    nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
    master: { host: "127.0.0.1", port: first.port },
    killMaster: () => first.kill(),
    stop: async () => void (await Promise.all(servers.map((server) => server.kill()))),
  };
}

async function asked(
  { port }: RedisServer,
  [command, ...args]: readonly [string, ...string[]],
  isRight: (answer: unknown) => boolean,
): Promise<void> {
  const client = new Client(port, "127.0.0.1");
  try {
    await until(async () => isRight(await client.call(command, ...args)));
  } finally {
    client.disconnect();
  }
}

/**
 * Waits for a condition, at most about a minute: a sentinel on a busy machine distrusts its own clock for half of one.
 * @throws when it never holds
 */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await holds().catch(() => false)) return;
    await delay(50);
  }
  throw new Error("what was waited for did not happen");
}
