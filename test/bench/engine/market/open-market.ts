import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { systemClock } from "../../../../foundation/clock.js";
import { openDatabase } from "../../../../foundation/postgres/open-database.js";
import { type DatabaseRoles, prepareDatabase } from "../../../../foundation/postgres/prepare-database.js";
import { openPostgres, type Postgres } from "../../../../foundation/postgres.js";
import { loadKeys } from "../../../../gateway/process/open-bureau.js";
import { PUBLISHING_ORDER, generateMarket } from "../../../../scripts/market.js";
import { seedMarket } from "../../../../scripts/market/seed-market.js";
import { SUBGRAPH_SCHEMAS } from "../../../../subgraphs/index.js";
import { createAccountDirectory, createMerchantsIntake } from "../../../../subgraphs/merchants/index.js";
import { createSignalsIntake } from "../../../../subgraphs/signals/index.js";
import { createTransactionsIntake, refreshPlatformPriors } from "../../../../subgraphs/transactions/index.js";
import { grantTemplate } from "../../consents/copy-consents.js";
import { readStat } from "../processes/proc-stat.js";

/** A house full of records, whose gateway is yet to be started: a database, keys, merchants. */
export interface BenchMarket {
  readonly roles: { readonly connectionString: string; readonly ownerConnectionString: string };
  readonly owner: Postgres;
  /** Data folder, with the keys in it. */
  readonly folder: string;
  /** Codes of all merchants, each with records of every kind that it has. */
  readonly merchants: readonly string[];
  /** A consent to copy. */
  readonly templateConsent: string;
  /** Process of the database server: its children do the work. */
  readonly postgresPid: number;
  close(): Promise<void>;
}

export interface MarketSize {
  readonly merchants: number;
  readonly orders: number;
  /** Months back that the consents open. */
  readonly lookbackMonths: number;
}

const SEED = 20_260_101;
const FLAGS = ["-c", "max_connections=120", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"];

/** Starts a database in a temporary folder and publishes a synthetic market into it through the platforms' own door. */
export async function openMarket(size: MarketSize, say: (line: string) => void): Promise<BenchMarket> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-bench-"));
  clearOnSignal(folder);
  await mkdir(path.join(folder, "keys"), { mode: 0o700 });
  const database = await openDatabase({ dataDirectory: path.join(folder, "postgres"), flags: FLAGS });
  const { connectionString, ownerConnectionString = connectionString } = database;
  const options = { applicationName: "bench", poolMax: 4, statementTimeoutMs: 0 };
  const owner = openPostgres({ connectionString: ownerConnectionString, ...options });
  const close = async (): Promise<void> => {
    await owner.close();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const roles = { connectionString, ownerConnectionString };
    const merchants = await publish({ roles, folder, size }, say);
    const templateConsent = await grantTemplate(owner, size.lookbackMonths);
    await owner.pool.query("vacuum analyze");
    const postgresPid = await serverPid(owner);
    return { roles, owner, folder, merchants, templateConsent, postgresPid, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whoever breaks a run off leaves nothing behind: children and the database end with this process by themselves. */
function clearOnSignal(folder: string): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      process.exit(130);
    });
}

async function publish(
  house: { readonly roles: DatabaseRoles; readonly folder: string; readonly size: MarketSize },
  say: (line: string) => void,
): Promise<readonly string[]> {
  const { merchants, orders } = house.size;
  const market = generateMarket({ seed: SEED, until: systemClock.now(), merchants, orders });
  say(`publishing ${PUBLISHING_ORDER.length} kinds of records of ${merchants} merchants, ${orders} orders`);
  await prepareDatabase(house.roles, SUBGRAPH_SCHEMAS);
  const options = { applicationName: "bench-intake", poolMax: 4, statementTimeoutMs: 0 };
  const postgres = openPostgres({ connectionString: house.roles.connectionString, ...options });
  const { pseudonym } = await loadKeys(path.join(house.folder, "keys"));
  const intake = {
    postgres,
    clock: systemClock,
    pseudonymKey: Buffer.from(pseudonym),
    directory: createAccountDirectory(postgres),
  };
  const intakes = [
    createMerchantsIntake(intake),
    createTransactionsIntake(intake),
    createSignalsIntake(intake),
  ];
  try {
    const records = await seedMarket(market, intakes, () => {});
    // Every gateway that starts learns these; learnt before the first starts, all of them give the same answers.
    await refreshPlatformPriors(postgres, systemClock);
    say(`published ${records} records`);
  } finally {
    await postgres.close();
  }
  return market.merchants.map(({ merchantId }) => merchantId);
}

/** The server is the parent of the process behind any connection. */
async function serverPid(owner: Postgres): Promise<number> {
  const { rows } = await owner.pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  return readStat(rows[0]?.pid ?? 0).parent;
}
