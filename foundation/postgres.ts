import { Kysely, type Migration, Migrator, PostgresDialect, sql } from "kysely";
import pg from "pg";

// bigint counts and sums fit in a double below 2^53; numeric keeps its text so that money is never rounded.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));

/** How to reach a PostgreSQL server. */
export interface PostgresOptions {
  /** `postgres://...`, or `postgres:///db?host=/socket/folder&user=bureau` for a Unix socket. */
  readonly connectionString: string;
  readonly applicationName: string;
  readonly poolMax: number;
  /** A statement that runs longer is cancelled by the server; 0 for none. */
  readonly statementTimeoutMs: number;
  /** Server settings of each connection, for example `{ jit: "off" }`; plain names and values. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called with each statement's text before it is sent; tests count statements with it. */
  readonly onStatement?: (text: string) => void;
}

/** An open pool with its query builder. One per process and use; `DB` types the tables. */
export interface Postgres {
  readonly pool: pg.Pool;
  /** The query builder over the same pool, typed for the caller's tables. */
  kysely<DB>(): Kysely<DB>;
  close(): Promise<void>;
}

/** Opens a pool. It connects on first use; errors of idle connections are swallowed, the next use reconnects. */
export function openPostgres(options: PostgresOptions): Postgres {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    max: options.poolMax,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: 60_000,
    ...(options.settings === undefined ? {} : { options: commandLine(options.settings) }),
  });
  pool.on("error", () => {});
  // A connection that dies while it is used says so twice: to the query, and here, where nobody else listens.
  pool.on("connect", (client) => client.on("error", () => {}));
  if (options.onStatement !== undefined) countStatements(pool, options.onStatement);
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  return {
    pool,
    kysely: <DB>() => kysely as unknown as Kysely<DB>,
    close: async () => {
      await kysely.destroy();
      // A pool that the query builder never touched is not its to end.
      if (!pool.ended) await pool.end();
    },
  };
}

function commandLine(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ");
}

function countStatements(pool: pg.Pool, onStatement: (text: string) => void): void {
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const first = args[0];
      onStatement(
        typeof first === "string" ? first : String((first as { text?: string } | undefined)?.text ?? ""),
      );
      return query(...args);
    }) as typeof client.query;
  });
}

/**
 * Brings one PostgreSQL schema to its newest version; safe to run from several processes at once.
 * The ledger of migrations lives inside the schema itself, so that a subgraph can move house with it.
 * @throws the first migration's error; earlier migrations of the same call stay applied
 */
export async function migrateSchema(
  postgres: Postgres,
  schema: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  const kysely = postgres.kysely<unknown>();
  await sql`create schema if not exists ${sql.id(schema)}`.execute(kysely);
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableSchema: schema,
    migrationTableName: "migration",
    migrationLockTableName: "migration_lock",
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined)
    throw error instanceof Error ? error : new Error(`schema ${schema} did not migrate`, { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}
