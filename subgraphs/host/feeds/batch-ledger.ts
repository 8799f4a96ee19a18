import type pg from "pg";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { BatchReport } from "../../../schema/ports.js";

/** What names a batch. */
export interface BatchKey {
  readonly schema: string;
  readonly platform: string;
  readonly kind: FeedKind;
  readonly idempotencyKey: string;
}

/** What is kept of a batch that landed. */
export interface KnownBatch {
  readonly bodySha256: Buffer;
  readonly report: BatchReport;
}

/** The batch that landed under a key, or `undefined`. */
export async function findBatch(
  queryable: pg.Pool | pg.PoolClient,
  key: BatchKey,
): Promise<KnownBatch | undefined> {
  const { rows } = await queryable.query<{ body_sha256: Buffer; report: BatchReport }>(
    `select body_sha256, report from ${key.schema}.feed_batch
     where platform = $1 and kind = $2 and idempotency_key = $3`,
    [key.platform, key.kind, key.idempotencyKey],
  );
  const [row] = rows;
  return row === undefined ? undefined : { bodySha256: row.body_sha256, report: row.report };
}

/** Keeps a batch's report; the last statement of its transaction. */
export async function keepBatch(client: pg.PoolClient, key: BatchKey, batch: KnownBatch): Promise<void> {
  const { report } = batch;
  await client.query(
    `insert into ${key.schema}.feed_batch
      (batch_id, platform, kind, idempotency_key, body_sha256, received_at, report)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      report.batchId,
      key.platform,
      key.kind,
      key.idempotencyKey,
      batch.bodySha256,
      report.receivedAt,
      JSON.stringify(report),
    ],
  );
}
