import type pg from "pg";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { FeedRecord } from "../../../schema/feeds/records.js";

/** One batch's effect on the facts of a subgraph, inside the batch's transaction. */
export interface FeedChange {
  readonly kind: FeedKind;
  readonly platform: string;
  readonly batchId: string;
  /**
   * Quoted name of a temporary table, `(merchant_id text, platform text, kind text, record_key text, payload jsonb,
   * changed boolean)`: the newest state of each record that the batch accepted or corrected, one row per record.
   * `changed` is true where this merchant already had an earlier version of the record.
   */
  readonly stagingTable: string;
}

/** What is wrong with a record that matches its schema. */
export interface FeedDefect {
  /** RFC 6901 pointer into the record. */
  readonly pointer: string;
  /** Names fields, never values. */
  readonly message: string;
}

/**
 * What a subgraph does with the records of its kinds. The raw versions are in `feed_record` already when it is
 * called. Both verbs may run again in the same transaction after a deadlock, from a savepoint.
 */
export interface FeedOwner {
  readonly kinds: readonly FeedKind[];
  /** A last look at a record before it is staged; a defect rejects the line with FEED_RECORD_INVALID. */
  inspect?(kind: FeedKind, record: FeedRecord): FeedDefect | undefined;
  /**
   * Turns the staged records into facts and rollups. Set-based; rows in merchant order, so that loaders don't
   * deadlock.
   */
  apply(client: pg.PoolClient, change: FeedChange): Promise<void>;
  /**
   * Takes back the facts of records that left a merchant, because their seller, their instant or a link was
   * corrected. The staging table holds (merchant_id, platform, kind, record_key) of the old place, with `payload`
   * null; `apply` follows with the new place when the new place is in the same batch's staging.
   */
  withdraw(client: pg.PoolClient, change: FeedChange): Promise<void>;
}
