import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { ensureApplicationRole, ensureDatabase } from "../../foundation/embedded-postgres.js";
import { openPostgres, type Postgres } from "../../foundation/postgres.js";

/** An empty database of one test's own, on the real server that the run shares. */
export interface TestDatabase {
  /** The owner's address. */
  readonly connectionString: string;
  /** The address of the role that a running bureau uses; absent where the owner does everything. */
  readonly applicationConnectionString?: string;
  /** Opens a pool on it, as the owner unless told; `drop` closes what is still open. */
  open(options?: {
    readonly onStatement?: (text: string) => void;
    readonly poolMax?: number;
    readonly as?: "owner" | "application";
  }): Postgres;
  /** Closes the pools and takes the database away. */
  drop(): Promise<void>;
}

/** Makes an empty database. Call `drop` in `afterAll` or `afterEach`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = inject("adminConnectionString");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await ensureDatabase(admin, name);
  const connectionString = admin.replace("/postgres?", `/${name}?`);
  const applicationConnectionString = await ensureApplicationRole(connectionString);
  const opened = new Set<Postgres>();
  return {
    connectionString,
    applicationConnectionString,
    open: (options = {}) => {
      const postgres = openPostgres({
        connectionString: options.as === "application" ? applicationConnectionString : connectionString,
        applicationName: "test",
        poolMax: options.poolMax ?? 8,
        statementTimeoutMs: 20_000,
        ...(options.onStatement === undefined ? {} : { onStatement: options.onStatement }),
      });
      opened.add(postgres);
      const tracked = { ...postgres, close: async () => closeOnce(opened, postgres) };
      return tracked;
    },
    drop: async () => {
      for (const postgres of opened) await closeOnce(opened, postgres);
      await dropDatabase(admin, name);
    },
  };
}

async function closeOnce(opened: Set<Postgres>, postgres: Postgres): Promise<void> {
  if (opened.delete(postgres)) await postgres.close();
}

async function dropDatabase(admin: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  } finally {
    await client.end();
  }
}
