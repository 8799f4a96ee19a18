import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { openDatabase } from "../../foundation/postgres/open-database.js";
import { prepareDatabase } from "../../foundation/postgres/prepare-database.js";
import { openPostgres, type Postgres } from "../../foundation/postgres.js";
import type { Credential } from "../../schema/claims.js";
import type { ConsentQuestion } from "../../schema/ports.js";
import { createConsentLedger, LEDGER_CONNECTION } from "../../subgraphs/consents/index.js";
import { SUBGRAPH_SCHEMAS } from "../../subgraphs/index.js";
import { startRedisServer } from "../support/redis-server.js";
import { loadConsents, pairAt, readAsCached } from "./consent-check/load-consents.js";
import { measure, type Path, type Slice } from "./consent-check/measure.js";
import { median, randomFrom } from "./statistics.js";

const HELP = `Measures the consent check against a Redis GET: the real ledger on a real PostgreSQL, and ioredis on a real
redis-server that holds the same consents as JSON, in turns in one run on this machine. It ends by itself.

  npm run bench:consent-check
  npm run bench:consent-check -- --consents 1000000 --callers 1,64,512 --rounds 7 --slice 1000 --seed 1

A check asks about one consent and the four credentials of a token, and is parsed. Redis answers with bytes that nobody
parses (GET), and with bytes that are (GET + parse). "node us" is the processor
time that this process spends on one answer.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    consents: { type: "string", default: "1000000" },
    callers: { type: "string", default: "1,64,512" },
    rounds: { type: "string", default: "7" },
    slice: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
  },
});

interface Settings {
  readonly consents: number;
  readonly callers: readonly number[];
  readonly rounds: number;
  readonly sliceMs: number;
  readonly seed: number;
}

const NAMES = ["ledger", "redis", "parsed"] as const;
type Name = (typeof NAMES)[number];
type Comparison = Readonly<Record<Name, readonly Slice[]>>;

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const settings: Settings = {
    consents: Number(values.consents),
    callers: values.callers.split(",").map(Number),
    rounds: Number(values.rounds),
    sliceMs: Number(values.slice),
    seed: Number(values.seed),
  };
  const numbers = [settings.consents, ...settings.callers, settings.rounds, settings.sliceMs, settings.seed];
  const isSound = numbers.every((value) => Number.isSafeInteger(value) && value >= 1);
  if (!isSound || settings.consents > 10_000_000 || Math.max(...settings.callers) > 5_000) {
    process.stderr.write(`every option takes whole numbers of 1 or more\n\n${HELP}`);
    return 1;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-bench-"));
  // Redis keeps everything in memory; so may PostgreSQL. The data are thrown away: nothing of theirs must be durable.
  const server = [
    "shared_buffers=2GB",
    "max_wal_size=8GB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "fsync=off",
  ];
  const flags = server.flatMap((setting) => ["-c", setting]);
  const database = await openDatabase({ dataDirectory: path.join(folder, "postgres"), flags });
  try {
    await run(settings, database);
    return 0;
  } finally {
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  settings: Settings,
  { connectionString, ownerConnectionString = connectionString }: Awaited<ReturnType<typeof openDatabase>>,
): Promise<void> {
  await prepareDatabase({ connectionString, ownerConnectionString }, SUBGRAPH_SCHEMAS);
  const owner = open(ownerConnectionString, 1);
  say(`loading ${settings.consents} consents`);
  await loadConsents(owner, settings.consents);
  const server = await startRedisServer();
  const redis = new Redis(server.url);
  const pool = open(connectionString, 4, LEDGER_CONNECTION);
  try {
    await fillRedis(owner, redis);
    await owner.close();
    const ledger = createConsentLedger({ postgres: pool, timeoutMs: 10_000 });
    const random = randomFrom(settings.seed);
    const pair = () => pairAt(random(settings.consents));
    const credentials = Array.from({ length: Math.max(...settings.callers) }, (_, i) => credentialsOf(i));
    const paths = {
      ledger: (caller: number) => ledger.check([pair()], credentials[caller] ?? []),
      redis: () => redis.get(keyOf(pair())),
      parsed: async () => JSON.parse((await redis.get(keyOf(pair()))) ?? "null") as unknown,
    };
    await requireSameAnswers(paths);
    await pool.pool.query("select sum(length(line)) from consents.checked_consent");
    say(await machine(pool, redis, settings));
    for (const callers of settings.callers) say(row(callers, await compare(paths, callers, settings)));
    say(`load average afterwards: ${loads()}`);
  } finally {
    await redis.quit();
    await server.stop();
    await pool.close();
  }
}

function open(connectionString: string, poolMax: number, settings: Record<string, string> = {}): Postgres {
  const options = { applicationName: "bench", poolMax, statementTimeoutMs: 0, settings };
  return openPostgres({ connectionString, ...options });
}

async function fillRedis(owner: Postgres, redis: Redis): Promise<void> {
  const client = await owner.pool.connect();
  for await (const piece of readAsCached(client))
    await redis.mset(piece.flatMap(({ key, value }) => [key, value]));
  client.release();
}

function keyOf({ bank, merchant }: ConsentQuestion): string {
  return `consent:${bank}:${merchant}`;
}

/** Eight banks; each caller with a token and a grant of its own. */
function credentialsOf(caller: number): readonly Credential[] {
  const issuer = "https://as.example";
  return [
    { kind: "CLIENT", id: `${issuer}|bank-${caller % 8}` },
    { kind: "TOKEN", id: `${issuer}|0b7e1f5c-5c0b-4d56-9a55-${String(caller).padStart(12, "0")}` },
    { kind: "GRANT", id: `${issuer}|grant-${caller}` },
    { kind: "KEY", id: `${issuer}|${String(caller % 8).padStart(43, "k")}` },
  ];
}

/** A path that found nothing would be fast for no reason. */
async function requireSameAnswers(paths: {
  readonly ledger: (caller: number) => Promise<{ readonly consents: readonly (readonly unknown[])[] }>;
  readonly redis: () => Promise<string | null>;
}): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    if ((await paths.ledger(0)).consents[0]?.length !== 1) throw new Error("the ledger found no consent");
    if ((await paths.redis()) === null) throw new Error("Redis found no consent");
  }
}

/** In turns, so that what else the machine does meets all alike. */
async function compare(
  paths: Readonly<Record<Name, Path>>,
  callers: number,
  { rounds, sliceMs }: Settings,
): Promise<Comparison> {
  const found: Record<Name, Slice[]> = { ledger: [], redis: [], parsed: [] };
  for (const name of NAMES) await measure(paths[name], callers, sliceMs);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed())
      found[name].push(await measure(paths[name], callers, sliceMs));
  }
  return found;
}

function row(callers: number, found: Comparison): string {
  const middle = (name: Name, of: (slice: Slice) => number): number => median(found[name].map(of));
  const cells = (["ledger", "redis"] as const).flatMap((name) => [
    Math.round(middle(name, ({ perSecond }) => perSecond)).toLocaleString("en"),
    middle(name, ({ p50Ms }) => p50Ms).toFixed(2),
    middle(name, ({ p99Ms }) => p99Ms).toFixed(2),
    middle(name, ({ nodeUs }) => nodeUs).toFixed(1),
  ]);
  const ratiosTo = (peer: Name): readonly number[] =>
    found.ledger.map(({ perSecond }, i) => perSecond / (found[peer][i]?.perSecond ?? Number.NaN));
  const toGet = ratiosTo("redis");
  const range = `${Math.min(...toGet).toFixed(2)} to ${Math.max(...toGet).toFixed(2)}`;
  return `| ${[callers, ...cells, median(toGet).toFixed(2), range, median(ratiosTo("parsed")).toFixed(2)].join(" | ")} |`;
}

async function machine(pool: Postgres, redis: Redis, settings: Settings): Promise<string> {
  const { rows } = await pool.pool.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );
  const version = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "";
  const cpus = os.cpus();
  return [
    `${new Date().toISOString()}, ${cpus.length} x ${cpus[0]?.model ?? "unknown"}, Node ${process.version}, PostgreSQL ${rows[0]?.version ?? ""}, Redis ${version}`,
    `${settings.consents} consents, ${settings.rounds} rounds of ${settings.sliceMs} ms each, seed ${settings.seed}, load average ${loads()}`,
    "",
    "| callers | checks/s | p50 ms | p99 ms | node us | GET/s | p50 ms | p99 ms | node us | ratio to GET | range | to GET + parse |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
  ].join("\n");
}

function loads(): string {
  return os
    .loadavg()
    .map((load) => load.toFixed(2))
    .join(" ");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
