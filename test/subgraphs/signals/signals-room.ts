import { createHash } from "node:crypto";
import { migrateSchema, type Postgres } from "../../../foundation/postgres.js";
import { BureauError } from "../../../schema/errors.js";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { BatchReport, FeedIntake } from "../../../schema/ports.js";
import { createSignalsIntake, signalsMigrations } from "../../../subgraphs/signals/index.js";
import { createTestDatabase, type TestDatabase } from "../../support/database.js";

/** A signals schema of a test's own, with its intake and a directory that the test may rewrite. */
export interface SignalsRoom {
  readonly database: TestDatabase;
  readonly postgres: Postgres;
  readonly intake: FeedIntake;
  /** Merchant by `platform/sellerId`. */
  readonly links: Map<string, string>;
  publish(platform: string, kind: FeedKind, records: readonly object[]): Promise<BatchReport>;
  rows<Row extends object>(text: string): Promise<Row[]>;
}

export async function openSignalsRoom(): Promise<SignalsRoom> {
  const database = await createTestDatabase();
  const postgres = database.open();
  await migrateSchema(postgres, "signals", signalsMigrations);
  const links = new Map<string, string>();
  const intake = createSignalsIntake({
    postgres,
    clock: { now: () => new Date("2026-04-20T00:00:00Z"), monotonicMs: () => 0 },
    directory: {
      resolve: async (platform, accounts) =>
        accounts.map(({ sellerId }) => links.get(`${platform}/${sellerId}`)),
    },
    pseudonymKey: createHash("sha256").update("test").digest(),
  });
  let batches = 0;
  return {
    database,
    postgres,
    intake,
    links,
    publish: async (platform, kind, records) => {
      batches += 1;
      const body = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      return intake.publish({ platform, kind, idempotencyKey: `batch-${batches}`, body: bytes(body) });
    },
    rows: async <Row extends object>(text: string) => (await postgres.pool.query<Row>(text)).rows,
  };
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** The code of the BureauError that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof BureauError ? error.code : String(error)),
  );
}
