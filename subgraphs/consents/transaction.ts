import type pg from "pg";
import { createLane } from "../../foundation/postgres/lane.js";
import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";

/** A transaction and the means to read the ledger's clock inside it. */
export interface Transaction {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]>;
  /** The database's clock now, in milliseconds; read after locks were taken, it is after whatever they waited for. */
  now(): Promise<Date>;
}

/** Where consents are kept. */
export interface ConsentStore {
  readonly postgres: Postgres;
  /** WARNING: for tests only. Takes the place of the database's clock. */
  readonly now?: (() => Date) | undefined;
}

/** An acknowledged change must survive a crash, whatever the server or the role defaults to; more than that is left alone. */
const BEGIN = `begin isolation level read committed;
select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') in ('off', 'local')`;

/** Classes of SQLSTATE that say nothing of the request: connection, resources, operator, conflict between transactions. */
const OUTAGE = /^(08|53|57|58|40|25006|XX)/;

/**
 * Runs `work` in one transaction; resolves after the commit is durable.
 * @throws SERVICE_UNAVAILABLE when the database is out of reach; whether a commit under way took place is then unknown
 */
export async function transact<T>(store: ConsentStore, work: (trx: Transaction) => Promise<T>): Promise<T> {
  try {
    return await createLane(store.postgres.pool)
      .run(async (client) => {
        await client.query(BEGIN);
        try {
          const result = await work(transactionOn(client, store));
          await client.query("commit");
          return { result };
        } catch (error) {
          if (!(error instanceof BureauError)) throw error;
          // An expected refusal: the connection is good for the next.
          await client.query("rollback");
          return { error };
        }
      })
      .then(unwrap);
  } catch (error) {
    throw asUnavailable(error);
  }
}

function unwrap<T>(outcome: { readonly result: T } | { readonly error: BureauError }): T {
  if ("error" in outcome) throw outcome.error;
  return outcome.result;
}

/** Reads rows outside of any transaction. @throws SERVICE_UNAVAILABLE */
export async function read<Row extends object>(
  store: ConsentStore,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    return (await store.postgres.pool.query<Row>(text, [...values])).rows;
  } catch (error) {
    throw asUnavailable(error);
  }
}

function transactionOn(client: pg.PoolClient, store: ConsentStore): Transaction {
  const query = async <Row extends object>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> => (await client.query<Row>(text, [...values])).rows;
  return {
    query,
    now: async () => {
      if (store.now !== undefined) return store.now();
      const [row] = await query<{ now: Date }>(
        "select date_trunc('milliseconds', clock_timestamp()) as now",
        [],
      );
      if (row === undefined) throw new BureauError("SERVICE_UNAVAILABLE", "the clock gave nothing");
      return row.now;
    },
  };
}

function asUnavailable(error: unknown): unknown {
  if (error instanceof BureauError || error instanceof TypeError || error instanceof RangeError) return error;
  const code = (error as { code?: unknown }).code;
  // Errors without an SQLSTATE come from the connection itself.
  const outage = typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || OUTAGE.test(code);
  return outage && error instanceof Error
    ? new BureauError("SERVICE_UNAVAILABLE", error.message, { cause: error })
    : error;
}
