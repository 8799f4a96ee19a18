import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { PublishSettings } from "../../feed-client/command-options.js";
import { describeCounts, describeRejections, describeTotals } from "../../feed-client/describe-totals.js";
import { createProgress } from "../../feed-client/progress.js";
import { publishRecords } from "../../feed-client/publish-records.js";
import type { PublishTotals } from "../../feed-client/publish-totals.js";
import type { Terminal } from "../../feed-client/terminal.js";
import type { Balance } from "./balance.js";

/** One feed of a data set. */
export interface DatasetFeed {
  readonly kind: FeedKind;
  readonly count: number;
  readonly records: Iterable<object>;
}

/** What came of publishing a data set. */
export interface FeedsOutcome {
  /** By kind, of the feeds that were published. */
  readonly totals: ReadonlyMap<FeedKind, PublishTotals>;
  readonly rejected: number;
  /** True when the server accounted for every record of every feed and rejected none. */
  readonly isComplete: boolean;
}

/**
 * Publishes feeds one after the other and writes each one's report. Rejected accounts end it, for every record of
 * theirs would be rejected too. @throws FeedClientError
 */
export async function publishFeeds(
  feeds: readonly DatasetFeed[],
  settings: PublishSettings,
  terminal: Terminal,
): Promise<FeedsOutcome> {
  const totals = new Map<FeedKind, PublishTotals>();
  let rejected = 0;
  for (const feed of feeds) {
    const own = await publishFeed(feed, settings, terminal);
    totals.set(feed.kind, own);
    rejected += own.rejected;
    terminal.stdout.write(
      `${[describeTotals(feed.kind, own), ...describeRejections(feed.kind, own)].join("\n")}\n`,
    );
    if (feed.kind === "account" && own.rejected > 0) {
      terminal.stderr.write(
        "error: accounts were rejected, so the feeds that name them were not published\n",
      );
      break;
    }
  }
  const isComplete = rejected === 0 && feeds.every((feed) => totals.get(feed.kind)?.records === feed.count);
  return { totals, rejected, isComplete };
}

/** One claim a feed: the gateway's report accounts for every record. */
export function landedBalances(feeds: readonly DatasetFeed[], outcome: FeedsOutcome | undefined): Balance[] {
  if (outcome === undefined) return [];
  return feeds.map(({ kind, count }) => {
    const totals = outcome.totals.get(kind);
    return {
      name: `${kind} records`,
      whole: { count },
      parts: [
        { name: "accepted", count: totals?.accepted ?? 0 },
        { name: "duplicate (there already)", count: totals?.duplicate ?? 0 },
        { name: "corrected", count: totals?.corrected ?? 0 },
        { name: "rejected", count: totals?.rejected ?? 0 },
      ],
    };
  });
}

async function publishFeed(
  feed: DatasetFeed,
  settings: PublishSettings,
  terminal: Terminal,
): Promise<PublishTotals> {
  const progress = createProgress(terminal, feed.kind.padEnd(8), feed.count);
  let done = 0;
  try {
    return await publishRecords({
      ...settings,
      kind: feed.kind,
      records: feed.records,
      signal: terminal.signal,
      onProgress: (soFar) => {
        done = soFar.records;
        progress.update(done, describeCounts(soFar));
      },
      onRetry: ({ waitMs, error }) => progress.update(done, `${error.message}; again in ${waitMs} ms`),
    });
  } finally {
    progress.stop();
  }
}
