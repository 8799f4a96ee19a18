import type { MonthRange } from "../../../schema/claims.js";
import { monthsIn } from "../../host/window.js";
import { type Ground, metricOf } from "../metric.js";
import type { BuyerTraits, Social, SocialChannel, SocialMonth } from "../social-types.js";
import { summarizeTraits } from "./buyer-traits.js";
import type { SocialMonthRow } from "./read-social.js";

type Rows = readonly SocialMonthRow[];

/** The answer for one merchant and window; `rows` in order of month within each seller's channel. */
export function summarizeSocial(rows: Rows, window: MonthRange, asOf: Date): Omit<Social, "bounds"> {
  const channels = [
    ...groupBy(rows, ({ platform, channel }) => JSON.stringify([platform, channel])).values(),
  ];
  return {
    window: { from: window.from, until: window.until },
    ...metricsOf(rows, window, asOf),
    channels: channels.map((own) => channelOf(own, window, asOf)),
    months: monthRows(rows, window),
    buyerTraits: channels.flatMap(traitsOf),
  };
}

type SocialMetrics = Pick<SocialChannel, "followers" | "followerGrowth" | "engagementRate" | "posts">;

function metricsOf(rows: Rows, window: MonthRange, asOf: Date): SocialMetrics {
  const ground: Ground = {
    window,
    asOf,
    months: new Set(rows.map(({ month }) => month)),
    platforms: new Set(rows.map(({ platform }) => platform)),
  };
  const streams = [...streamsOf(rows).values()];
  const posts = sum(rows, ({ posts: count }) => count);
  const days = sum(rows, ({ days: count }) => count);
  const rate = engagementRate(rows);
  const growth = followerGrowth(streams);
  return {
    followers: metricOf(ground, {
      formula: "followers/1",
      unit: "follower",
      basis: "STATE",
      n: streams.length,
      value: sum(streams, (stream) => stream.at(-1)?.lastFollowers ?? 0),
    }),
    followerGrowth: metricOf(ground, {
      formula: "followerGrowth/1",
      unit: "ratio",
      basis: "STATE",
      n: days,
      isSampled: true,
      value: growth ?? null,
      ...(growth === undefined ? { reason: "INSUFFICIENT_HISTORY" as const } : {}),
    }),
    engagementRate: metricOf(ground, {
      formula: "engagementRate/1",
      unit: "ratio",
      basis: "CASH",
      n: posts,
      isSampled: true,
      value: rate ?? null,
    }),
    posts: metricOf(ground, { formula: "posts/1", unit: "post", basis: "CASH", n: days, value: posts }),
  };
}

/** Likes, comments and shares by views; may pass 1, for one view can bring several. `undefined` without views. */
export function engagementRate(rows: Rows): number | undefined {
  const views = sum(rows, (row) => row.views);
  return views === 0 ? undefined : sum(rows, (row) => row.engagements) / views;
}

/**
 * Followers at the last count against the first, minus 1, over the channels counted in two months or more, so that a channel
 * that starts within the window is no growth. `undefined` without such a channel, or when nobody followed at first.
 */
export function followerGrowth(streams: readonly Rows[]): number | undefined {
  const lasting = streams.filter(({ length }) => length > 1);
  const first = sum(lasting, (stream) => stream[0]?.firstFollowers ?? 0);
  return first === 0 ? undefined : sum(lasting, (stream) => stream.at(-1)?.lastFollowers ?? 0) / first - 1;
}

function channelOf(rows: Rows, window: MonthRange, asOf: Date): SocialChannel {
  return {
    platform: rows[0]?.platform ?? "",
    channel: rows[0]?.channel ?? "",
    ...metricsOf(rows, window, asOf),
  };
}

function monthRows(rows: Rows, window: MonthRange): SocialMonth[] {
  const byMonth = groupBy(rows, ({ month }) => month);
  const latest = new Map<string, number>();
  return monthsIn(window).map((month) => {
    const own = byMonth.get(month) ?? [];
    for (const row of own) latest.set(streamKey(row), row.lastFollowers);
    return {
      month,
      followers: latest.size === 0 ? null : sum([...latest.values()], (count) => count),
      posts: sum(own, ({ posts }) => posts),
      views: sum(own, ({ views }) => views),
      engagements: sum(own, ({ engagements }) => engagements),
    };
  });
}

/** The newest traits of each account on one channel, added up and then suppressed. */
function traitsOf(rows: Rows): BuyerTraits[] {
  const newest = [...streamsOf(rows).values()].flatMap(
    (stream) => stream.findLast(({ traits }) => traits !== null) ?? [],
  );
  const day =
    newest
      .map(({ traitsDay }) => traitsDay ?? "")
      .sort()
      .at(-1) ?? "";
  return summarizeTraits(newest.flatMap(({ traits }) => traits ?? [])).map(
    ({ trait, buckets, suppressed }) => ({
      platform: rows[0]?.platform ?? "",
      channel: rows[0]?.channel ?? "",
      trait,
      buckets: [...buckets],
      suppressed,
      day,
    }),
  );
}

function streamsOf(rows: Rows): ReadonlyMap<string, Rows> {
  return groupBy(rows, streamKey);
}

function streamKey({ platform, seller, channel }: SocialMonthRow): string {
  return JSON.stringify([platform, seller, channel]);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
