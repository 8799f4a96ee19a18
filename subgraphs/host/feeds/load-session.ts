import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { BureauError } from "../../../schema/errors.js";

/** One record on its way into the database. */
export interface StagedRecord {
  readonly line: number;
  readonly merchant: string;
  readonly key: string;
  readonly payload: object;
}

// A batch may take long, but not for ever; waiting for another batch of the same platform and kind may not either.
// A coarse estimate is enough to choose the plans, and cheap.
const BEGIN = `begin;
set local statement_timeout = '600s';
set local lock_timeout = '30s';
set local work_mem = '32MB';
set local default_statistics_target = 3;
create temp table feed_line (line int not null, merchant_id text collate "C" not null,
  record_key text collate "C" not null, payload jsonb not null) on commit drop;`;

const QUEUE_MAX = 100;

/** The transaction of one batch, with its staging table `feed_line`. */
export interface LoadSession {
  readonly client: pg.PoolClient;
  stage(records: readonly StagedRecord[]): Promise<void>;
  /** Ends the transaction and gives the connection back; to be called exactly once. */
  end(how: "commit" | "rollback"): Promise<void>;
}

/**
 * Opens the transactions of one intake. At most a third of the pool loads at a time: a loader asks the account
 * directory while it holds its own connection, so a pool full of loaders would wait for itself.
 */
export class LoadSessions {
  readonly #pool: pg.Pool;
  readonly #slots: number;
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#slots = Math.max(1, Math.floor((pool.options.max ?? 10) / 3));
  }

  /** @throws SERVICE_UNAVAILABLE when too many batches wait already */
  async open(): Promise<LoadSession> {
    await this.#enter();
    try {
      const client = await this.#pool.connect();
      client.on("error", ignore);
      return await this.#begin(client);
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async #begin(client: pg.PoolClient): Promise<LoadSession> {
    const release = (broken: boolean) => {
      client.off("error", ignore);
      client.release(broken);
    };
    try {
      await client.query(BEGIN);
    } catch (error) {
      release(true);
      throw error;
    }
    const end = async (how: "commit" | "rollback") => {
      let broken = true;
      try {
        await client.query(how);
        broken = false;
      } finally {
        release(broken);
        this.#leave();
      }
    };
    return { client, end, stage: async (records) => copyRecords(client, records) };
  }

  async #enter(): Promise<void> {
    if (this.#open < this.#slots) {
      this.#open += 1;
      return;
    }
    if (this.#waiting.length >= QUEUE_MAX)
      throw new BureauError("SERVICE_UNAVAILABLE", "too many batches at once");
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the slot to the batch that waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#open -= 1;
    else next();
  }
}

/**
 * A connection that breaks while it is held fails its statement; without a listener its event would end the
 * process.
 */
function ignore(): void {}

async function copyRecords(client: pg.PoolClient, records: readonly StagedRecord[]): Promise<void> {
  if (records.length === 0) return;
  const rows = records.map(
    ({ line, merchant, key, payload }) =>
      `${line}\t${merchant}\t${escapeText(key)}\t${escapeText(JSON.stringify(payload))}\n`,
  );
  const stream = client.query(copyFrom("copy feed_line from stdin"));
  await new Promise<void>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("finish", resolve);
    stream.end(rows.join(""));
  });
}

/** COPY's text format: neither keys nor JSON hold control characters, so the backslash is all there is to escape. */
function escapeText(text: string): string {
  return text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
}
