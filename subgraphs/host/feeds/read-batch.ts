import { createHash } from "node:crypto";
import type { AccountDirectory, FeedBatch } from "../../../schema/ports.js";
import type { FeedRecord } from "../../../schema/feeds/records.js";
import type { FeedOwner } from "./feed-owner.js";
import type { StagedRecord } from "./load-session.js";
import { pseudonymize } from "./pseudonymize.js";
import { readJson, type Refusal } from "./read-json.js";
import { ownMerchant, recordInstant, recordKey } from "./record-identity.js";
import type { Rejections } from "./rejections.js";
import { type FeedLine, LineSplitter } from "./split-lines.js";
import { validateRecord } from "./validate-record.js";
import type { ZoneNames } from "./zone-names.js";

/**
 * A chunk is staged at this many records or bytes, whichever comes first; a batch holds at most two chunks in
 * memory.
 */
export const CHUNK_RECORDS_MAX = 20_000;
export const CHUNK_BYTES_MAX = 8 * 1024 * 1024;

/** What reading a batch needs beside the batch. */
export interface ReadingTools {
  readonly owner: FeedOwner;
  /** Not asked for kinds whose records name their merchant. */
  readonly directory: AccountDirectory;
  readonly pseudonymKey: Uint8Array;
  readonly zones: ZoneNames;
  readonly rejections: Rejections;
  /** Takes one chunk; the next is read meanwhile, and handed over when this one is in. */
  readonly stage: (records: readonly StagedRecord[]) => Promise<void>;
}

interface PendingRecord {
  readonly line: number;
  readonly record: FeedRecord;
}

/** The SHA-256 of a body that needs no reading. */
export async function hashBody(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk);
  return hash.digest();
}

/** Streams a batch from bytes to staged records and returns the SHA-256 of its bytes. @throws FEED_LINE_TOO_LONG */
export async function readBatch(batch: FeedBatch, tools: ReadingTools): Promise<Buffer> {
  const hash = createHash("sha256");
  const splitter = new LineSplitter();
  const reader = new ChunkReader(batch, tools);
  try {
    for await (const chunk of batch.body) {
      hash.update(chunk);
      for (const line of splitter.push(chunk)) {
        reader.take(line);
        if (reader.isFull) await reader.flush();
      }
    }
    for (const line of splitter.end()) reader.take(line);
    await reader.flush();
  } finally {
    // Whatever happened, nothing is still on its way into the transaction when the caller ends it.
    await reader.staged();
  }
  return hash.digest();
}

class ChunkReader {
  readonly #batch: FeedBatch;
  readonly #tools: ReadingTools;
  #pending: PendingRecord[] = [];
  #bytes = 0;
  #staging: Promise<void> = Promise.resolve();

  constructor(batch: FeedBatch, tools: ReadingTools) {
    this.#batch = batch;
    this.#tools = tools;
  }

  get isFull(): boolean {
    return this.#pending.length >= CHUNK_RECORDS_MAX || this.#bytes >= CHUNK_BYTES_MAX;
  }

  /** Reads and judges one line on its own. */
  take({ line, bytes }: FeedLine): void {
    const read = readJson(bytes);
    if (read === undefined) return;
    if ("refusal" in read) return this.#reject(line, read.refusal);
    const validated = validateRecord(this.#batch.kind, read.value);
    if ("refusal" in validated) return this.#reject(line, validated.refusal);
    const { record } = validated;
    if (record.platform !== undefined && record.platform !== this.#batch.platform) {
      const message = "The record names another platform than the token.";
      return this.#reject(line, { pointer: "/platform", code: "FEED_PLATFORM_MISMATCH", message });
    }
    const defect = this.#tools.owner.inspect?.(this.#batch.kind, record);
    if (defect !== undefined) return this.#reject(line, { ...defect, code: "FEED_RECORD_INVALID" });
    this.#pending.push({ line, record });
    this.#bytes += bytes.length;
  }

  /** Judges what needs the database, and stages what is left. */
  async flush(): Promise<void> {
    const pending = await this.#withKnownZones(this.#pending);
    const merchants = await this.#merchantsOf(pending);
    const { platform, kind } = this.#batch;
    const staged: StagedRecord[] = [];
    for (const [index, { line, record }] of pending.entries()) {
      const merchant = merchants[index];
      if (merchant === undefined) {
        const message = "No merchant is linked to this seller account at the record's instant.";
        this.#reject(line, { pointer: "/sellerId", code: "FEED_ACCOUNT_UNKNOWN", message });
        continue;
      }
      const payload = pseudonymize(this.#tools.pseudonymKey, platform, record);
      staged.push({ line, merchant, key: recordKey(kind, record as never), payload });
    }
    this.#pending = [];
    this.#bytes = 0;
    this.#tools.rejections.settle();
    await this.#staging;
    if (staged.length === 0) return;
    this.#staging = this.#tools.stage(staged);
    // Its failure is thrown where it is awaited, by the next chunk or the end.
    this.#staging.catch(() => {});
  }

  /** Resolves when the last chunk is in. @throws what staging it threw */
  async staged(): Promise<void> {
    await this.#staging;
  }

  async #withKnownZones(pending: readonly PendingRecord[]): Promise<readonly PendingRecord[]> {
    const zones = new Set(pending.flatMap(({ record }) => (record.zone === undefined ? [] : [record.zone])));
    const unknown = await this.#tools.zones.unknown(zones);
    if (unknown.size === 0) return pending;
    return pending.filter(({ line, record }) => {
      if (record.zone === undefined || !unknown.has(record.zone)) return true;
      this.#reject(line, {
        pointer: "/zone",
        code: "FEED_RECORD_INVALID",
        message: "There is no such time zone.",
      });
      return false;
    });
  }

  async #merchantsOf(pending: readonly PendingRecord[]): Promise<readonly (string | undefined)[]> {
    const { platform, kind } = this.#batch;
    if (kind === "account") return pending.map(({ record }) => ownMerchant(kind, record));
    if (pending.length === 0) return [];
    const accounts = pending.map(({ record }) => ({
      sellerId: record.sellerId,
      at: recordInstant(kind, record as never),
    }));
    return this.#tools.directory.resolve(platform, accounts);
  }

  #reject(line: number, refusal: Refusal): void {
    this.#tools.rejections.add({ line, ...refusal });
  }
}
