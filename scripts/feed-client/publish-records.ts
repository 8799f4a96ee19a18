import type { BatchReport } from "../../schema/ports.js";
import { batchLines, type LineBatch } from "./batch-lines.js";
import { clientError } from "./feed-client-error.js";
import { createFeedHttp, type FeedHttp, type FeedHttpOptions } from "./feed-http.js";
import { addReport, NO_TOTALS, type PublishTotals } from "./publish-totals.js";
import { RETRY_DEFAULTS, type Retry, type RetryOptions, withRetry } from "./retry.js";

export const BATCH_RECORDS_DEFAULT = 20_000;

export interface PublishOptions extends FeedHttpOptions {
  /** Begins every idempotency key: 1 to 48 visible ASCII characters. */
  readonly keyPrefix: string;
  /** Default 20,000. */
  readonly batchRecords?: number;
  /** Told after each batch is acknowledged. */
  readonly onProgress?: ((totals: PublishTotals) => void) | undefined;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** Stops between batches and during waits; a batch on the wire is seen through. */
  readonly signal?: AbortSignal | undefined;
  readonly retry?: Pick<RetryOptions, "attemptsMax" | "waitMs" | "waitMsMax">;
}

type Source<T> = AsyncIterable<T> | Iterable<T>;

/** `publishLines` for records that are yet to be written as JSON. */
export async function publishRecords(
  options: PublishOptions & { readonly records: Source<object> },
): Promise<PublishTotals> {
  return publishLines({ ...options, lines: asLines(options.records) });
}

/**
 * Publishes NDJSON lines in batches, in order, and sums the reports. A batch's key is its place and the SHA-256 of its
 * content, so the same input and batch size resume a broken run: what was acknowledged is answered from its report,
 * nothing is lost and nothing counts twice.
 * @throws FeedClientError INTERRUPTED, CONNECTION_FAILED, RESPONSE_INVALID, RECORDS_UNACCOUNTED or the gateway's code
 */
export async function publishLines(
  options: PublishOptions & { readonly lines: Source<Uint8Array> },
): Promise<PublishTotals> {
  const http = createFeedHttp(options);
  const retry = { ...RETRY_DEFAULTS, ...options.retry, signal: options.signal, onRetry: options.onRetry };
  let totals = NO_TOTALS;
  let mayBeDone = true;
  for await (const batch of batchLines(options.lines, {
    recordsMax: options.batchRecords ?? BATCH_RECORDS_DEFAULT,
  })) {
    if (options.signal?.aborted === true) throw clientError("INTERRUPTED", "interrupted");
    const key = batchKey(options.keyPrefix, batch);
    // Batches go in order: behind the first one that is not there, none is, and asking for each would only cost time.
    const earlier: BatchReport | undefined = mayBeDone
      ? await withRetry(() => http.report(key), retry)
      : undefined;
    mayBeDone = earlier !== undefined;
    const report =
      earlier === undefined ? await send(http, { key, batch, retry }) : { ...earlier, repeated: true };
    totals = addReport(totals, batch, accountFor(batch, report));
    options.onProgress?.(totals);
  }
  return totals;
}

/** `prefix.place.sha256`: the place keeps two batches of equal content apart. */
function batchKey(prefix: string, batch: LineBatch): string {
  return `${prefix}.${batch.ordinal}.${batch.sha256}`;
}

async function send(
  http: FeedHttp,
  { key, batch, retry }: { readonly key: string; readonly batch: LineBatch; readonly retry: RetryOptions },
): Promise<BatchReport> {
  return withRetry(() => http.publish(key, batch.body), retry);
}

function accountFor(batch: LineBatch, report: BatchReport): BatchReport {
  const counted = report.accepted + report.duplicate + report.corrected + report.rejected;
  if (counted === batch.records) return report;
  throw clientError(
    "RECORDS_UNACCOUNTED",
    `batch ${batch.ordinal} holds ${batch.records} records, but its report counts ${counted}`,
  );
}

async function* asLines(records: Source<object>): AsyncGenerator<Uint8Array> {
  for await (const record of records) yield Buffer.from(JSON.stringify(record));
}
