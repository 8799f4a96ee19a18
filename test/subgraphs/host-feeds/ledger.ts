import { sql } from "kysely";
import { migrateSchema, type Postgres } from "../../../foundation/postgres.js";
import type { Clock } from "../../../foundation/clock.js";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { AccountDirectory, BatchReport, FeedIntake } from "../../../schema/ports.js";
import {
  createFeedIntake,
  type FeedChange,
  type FeedOwner,
  feedTables,
} from "../../../subgraphs/host/feeds/index.js";

export const PLATFORM = "taoyuan-market";
export const PSEUDONYM_KEY = Buffer.alloc(32, 3);

/** A small owner of feeds: one fact per record, and a total per merchant that only increments can keep right. */
export const ledgerMigrations = {
  "0001-initial": {
    up: async (db: Parameters<ReturnType<typeof feedTables>>[0]) => {
      await feedTables("ledger")(db);
      await sql`create table ledger.fact (merchant_id text, platform text, kind text, record_key text, payload jsonb,
        primary key (merchant_id, platform, kind, record_key))`.execute(db);
    },
  },
};

export interface LedgerOwner extends FeedOwner {
  /** Called with each change before it is applied; tests stop the world in it. */
  onApply: (change: FeedChange) => Promise<void>;
  readonly seen: { changed: number; fresh: number };
}

export function createLedgerOwner(): LedgerOwner {
  const owner: LedgerOwner = {
    kinds: ["order", "review", "social"],
    onApply: async () => {},
    seen: { changed: 0, fresh: 0 },
    apply: async (client, change) => {
      await owner.onApply(change);
      const { rows } = await client.query<{ changed: number; fresh: number }>(
        `select count(*) filter (where changed) as changed, count(*) filter (where not changed) as fresh
         from ${change.stagingTable}`,
      );
      owner.seen.changed += rows[0]?.changed ?? 0;
      owner.seen.fresh += rows[0]?.fresh ?? 0;
      // A wrong `changed`, or a record that was not withdrawn, breaks the primary key or leaves a fact behind.
      await client.query(`delete from ledger.fact f using ${change.stagingTable} s where s.changed
        and (f.merchant_id, f.platform, f.kind, f.record_key) = (s.merchant_id, s.platform, s.kind, s.record_key)`);
      await client.query(`insert into ledger.fact select merchant_id, platform, kind, record_key, payload
        from ${change.stagingTable} order by merchant_id, record_key`);
    },
    withdraw: async (client, change) => {
      await client.query(`delete from ledger.fact f using ${change.stagingTable} s
        where (f.merchant_id, f.platform, f.kind, f.record_key) = (s.merchant_id, s.platform, s.kind, s.record_key)`);
    },
  };
  return owner;
}

/** Sellers `A...` are of merchant A, `B...` of merchant B; everything else is unknown. */
export const directory: AccountDirectory = {
  resolve: async (_platform, accounts) =>
    accounts.map(
      ({ sellerId }) => ({ A: "91990100MA0000A193", B: "92990100MA0000B234" })[sellerId.charAt(0)],
    ),
};

export const clock: Clock = { now: () => new Date("2024-06-01T00:00:00Z"), monotonicMs: () => 0 };

export interface Ledger {
  readonly owner: LedgerOwner;
  readonly intake: FeedIntake;
  readonly postgres: Postgres;
  publish(records: readonly (object | string)[], options?: PublishOptions): Promise<BatchReport>;
  facts(platform?: string): Promise<readonly Fact[]>;
  versions(platform?: string): Promise<readonly Version[]>;
}

interface PublishOptions {
  readonly key?: string;
  readonly kind?: FeedKind;
  readonly platform?: string;
}

export interface Fact {
  readonly merchant_id: string;
  readonly record_key: string;
  readonly payload: Record<string, unknown>;
}

export interface Version extends Omit<Fact, "payload"> {
  readonly version: number;
  readonly line: number;
  readonly payload: Record<string, unknown> | null;
}

export async function openLedger(postgres: Postgres): Promise<Ledger> {
  await migrateSchema(postgres, "ledger", ledgerMigrations);
  const owner = createLedgerOwner();
  const intake = createFeedIntake({
    schema: "ledger",
    owner,
    postgres,
    clock,
    directory,
    pseudonymKey: PSEUDONYM_KEY,
  });
  let keys = 0;
  return {
    owner,
    intake,
    postgres,
    publish: async (records, { key = `key-${(keys += 1)}`, kind = "order", platform = PLATFORM } = {}) =>
      intake.publish({ platform, kind, idempotencyKey: key, body: bodyOf(records) }),
    facts: async (platform = PLATFORM) =>
      (
        await postgres.pool.query<Fact>(
          "select merchant_id, record_key, payload from ledger.fact where platform = $1 order by 1, 2",
          [platform],
        )
      ).rows,
    versions: async (platform = PLATFORM) =>
      (
        await postgres.pool.query<Version>(
          `select merchant_id, record_key, version, line, payload from ledger.feed_record where platform = $1
         order by record_key, version, payload is null`,
          [platform],
        )
      ).rows,
  };
}

/** The records as NDJSON, in one chunk; a text stands for its own line. */
export async function* bodyOf(records: readonly (object | string)[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(
    records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join(""),
  );
}

export function order(orderId: string, change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    orderId,
    sellerId: "A1",
    currency: "CNY",
    totalMinor: 100,
    createdAt: "2024-03-01T00:00:00Z",
    ...change,
  };
}
