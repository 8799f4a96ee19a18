import type { Clock } from "../../../foundation/clock.js";
import { uuidv7 } from "../../../foundation/ids.js";
import type { Postgres } from "../../../foundation/postgres.js";
import { BureauError } from "../../../schema/errors.js";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { AccountDirectory, BatchReport, FeedBatch, FeedIntake } from "../../../schema/ports.js";
import { asUnavailable } from "./as-unavailable.js";
import { type BatchKey, findBatch, keepBatch, type KnownBatch } from "./batch-ledger.js";
import type { FeedOwner } from "./feed-owner.js";
import { landBatch, type Landing } from "./land-batch.js";
import { type LoadSession, LoadSessions } from "./load-session.js";
import { PSEUDONYM_KEY_BYTES_MIN } from "./pseudonymize.js";
import { hashBody, readBatch } from "./read-batch.js";
import { Rejections } from "./rejections.js";
import { ZoneNames } from "./zone-names.js";

/** What an intake is built from. */
export interface FeedIntakeOptions {
  /** The owner's PostgreSQL schema, which has the tables of `feedTables`. */
  readonly schema: string;
  readonly owner: FeedOwner;
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly directory: AccountDirectory;
  /** Secret of the buyers' pseudonyms, at least 16 bytes. */
  readonly pseudonymKey: Uint8Array;
}

const KEY = /^[\x21-\x7e]{1,128}$/;
const SCHEMA = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * Loads feeds: lines are judged and staged as they stream in, then the whole batch lands in one transaction, in
 * which no other batch of the same platform and kind lands. Where the same record comes twice, the later line
 * corrects the earlier.
 */
export function createFeedIntake(options: FeedIntakeOptions): FeedIntake {
  if (!SCHEMA.test(options.schema)) throw new Error("the schema's name is not plain");
  if (options.pseudonymKey.length < PSEUDONYM_KEY_BYTES_MIN)
    throw new Error("the pseudonym key is too short");
  const loader = new BatchLoader(options);
  return {
    kinds: options.owner.kinds,
    publish: async (batch) => {
      requireKind(options.owner, batch.kind);
      if (!KEY.test(batch.idempotencyKey)) throw new BureauError("BAD_USER_INPUT", "idempotency key");
      return loader.publish(batch).catch(asUnavailable);
    },
    report: async (platform, kind, idempotencyKey) => {
      requireKind(options.owner, kind);
      const key = { schema: options.schema, platform, kind, idempotencyKey };
      const known = await findBatch(options.postgres.pool, key).catch(asUnavailable);
      return known === undefined ? undefined : { ...known.report, repeated: true };
    },
  };
}

function requireKind(owner: FeedOwner, kind: FeedKind): void {
  if (!owner.kinds.includes(kind)) throw new BureauError("FEED_KIND_UNKNOWN");
}

class BatchLoader {
  readonly #options: FeedIntakeOptions;
  readonly #sessions: LoadSessions;
  readonly #zones: ZoneNames;

  constructor(options: FeedIntakeOptions) {
    this.#options = options;
    this.#sessions = new LoadSessions(options.postgres.pool);
    this.#zones = new ZoneNames(options.postgres.pool);
  }

  async publish(batch: FeedBatch): Promise<BatchReport> {
    const { schema, postgres, clock } = this.#options;
    const receivedAt = clock.now();
    const key = { schema, platform: batch.platform, kind: batch.kind, idempotencyKey: batch.idempotencyKey };
    const known = await findBatch(postgres.pool, key);
    if (known !== undefined) return repeat(known, await hashBody(batch.body));

    const rejections = new Rejections();
    let session: LoadSession | undefined;
    const open = async () => (session ??= await this.#sessions.open());
    try {
      const bodySha256 = await readBatch(batch, {
        ...this.#options,
        zones: this.#zones,
        rejections,
        stage: async (records) => (await open()).stage(records),
      });
      const landing: Landing = {
        ...this.#options,
        ...key,
        batchId: uuidv7(receivedAt.getTime()),
        receivedAt,
      };
      const report = await this.#land(await open(), { key, landing, bodySha256, rejections });
      // Cleared first: a commit that fails has ended the session as well.
      const done = await open();
      session = undefined;
      await done.end(report.repeated ? "rollback" : "commit");
      return report;
    } finally {
      await session?.end("rollback").catch(() => {});
    }
  }

  /** The part that other batches of the same platform and kind wait for. */
  async #land(session: LoadSession, work: Work): Promise<BatchReport> {
    const { client } = session;
    const { key, landing, bodySha256, rejections } = work;
    await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `feeds/${key.schema}/${key.platform}/${key.kind}`,
    ]);
    const known = await findBatch(client, key);
    if (known !== undefined) return repeat(known, bodySha256);
    const counts = await landBatch(client, landing);
    const report: BatchReport = {
      batchId: landing.batchId,
      kind: key.kind,
      platform: key.platform,
      idempotencyKey: key.idempotencyKey,
      repeated: false,
      receivedAt: landing.receivedAt.toISOString(),
      ...counts,
      rejected: rejections.count,
      rejections: rejections.kept,
    };
    await keepBatch(client, key, { bodySha256, report });
    return report;
  }
}

interface Work {
  readonly key: BatchKey;
  readonly landing: Landing;
  readonly bodySha256: Buffer;
  readonly rejections: Rejections;
}

function repeat(known: KnownBatch, bodySha256: Buffer): BatchReport {
  if (!known.bodySha256.equals(bodySha256)) throw new BureauError("FEED_KEY_REUSED");
  return { ...known.report, repeated: true };
}
