import type { FeedIntake } from "../../schema/ports.js";
import type { FeedKind } from "../../schema/feeds/kinds.js";
import { type Market, type MarketFeed, PUBLISHING_ORDER } from "../market.js";

const BATCH_RECORDS = 10_000;

export interface SeedProgress {
  readonly kind: FeedKind;
  readonly platform: string;
  /** Records of all feeds so far. */
  readonly records: number;
}

/**
 * Publishes a synthetic market through the platforms' own door, in order. Batches have keys of their own, so a run that
 * was broken off is simply run again.
 * @returns the number of records published, repeats included
 * @throws Error when a record is rejected: the generator and the schemas disagree
 */
export async function seedMarket(
  market: Market,
  intakes: readonly FeedIntake[],
  onProgress: (progress: SeedProgress) => void,
): Promise<number> {
  let records = 0;
  for (const kind of PUBLISHING_ORDER) {
    const intake = intakes.find((candidate) => candidate.kinds.includes(kind));
    if (intake === undefined) throw new Error(`nobody takes ${kind}`);
    for (const feed of market.feeds.filter((candidate) => candidate.kind === kind)) {
      records += await publishFeed(feed, intake, (count) =>
        onProgress({ kind, platform: feed.platform, records: records + count }),
      );
    }
  }
  return records;
}

async function publishFeed(
  feed: MarketFeed,
  intake: FeedIntake,
  onBatch: (records: number) => void,
): Promise<number> {
  let published = 0;
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const idempotencyKey = `market-${feed.kind}-${published}`;
    const body = Buffer.from(batch.join("\n"));
    const report = await intake.publish({
      platform: feed.platform,
      kind: feed.kind,
      idempotencyKey,
      body: chunksOf(body),
    });
    if (report.rejected > 0)
      throw new Error(`the market's own record was rejected: ${JSON.stringify(report.rejections[0])}`);
    published += batch.length;
    batch = [];
    onBatch(published);
  };
  for (const record of feed.records()) {
    batch.push(JSON.stringify(record));
    if (batch.length === BATCH_RECORDS) await flush();
  }
  await flush();
  return published;
}

async function* chunksOf(body: Buffer): AsyncIterable<Uint8Array> {
  yield body;
}
