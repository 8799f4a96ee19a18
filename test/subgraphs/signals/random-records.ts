import { expect } from "vitest";
import type { ReviewRecord, SocialRecord } from "../../../schema/feeds/records.js";
import { Random } from "../../../scripts/market/random.js";
import type { SignalsRoom } from "./signals-room.js";

const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-01-01T00:00:00Z");
export const SEED = 20_260_420;

/** The last that was published of a record. */
export interface State<R> {
  readonly platform: string;
  readonly record: R;
}

export function reviewOf(random: Random, id: number): ReviewRecord {
  const createdMs = START_MS + random.below(40 * 24) * 3_600_000 + random.below(3_600_000);
  const zones = [undefined, "America/Sao_Paulo", "Asia/Shanghai"];
  const zone = zones[random.below(3)];
  return {
    reviewId: `r-${id}`,
    sellerId: `s-${1 + random.below(3)}`,
    rating: 1 + random.below(5),
    createdAt: new Date(createdMs).toISOString(),
    ...(zone === undefined ? {} : { zone }),
    ...(random.chance(0.5) ? { text: `text ${random.next()}` } : {}),
    ...(random.chance(0.5)
      ? { repliedAt: new Date(createdMs + random.below(5 * DAY_MS)).toISOString() }
      : {}),
    ...(random.chance(0.1) ? { deletedAt: new Date(createdMs + DAY_MS).toISOString() } : {}),
  };
}

export function socialOf(random: Random, id: number): SocialRecord {
  const date = new Date(START_MS + random.below(70) * DAY_MS).toISOString().slice(0, 10);
  return {
    recordId: `so-${id}`,
    sellerId: `s-${1 + random.below(3)}`,
    channel: random.pick(["live", "video"]),
    date,
    followers: random.below(1_000),
    posts: random.below(3),
    views: random.below(500),
    likes: random.below(50),
    ...(random.chance(0.2)
      ? { buyerTraits: [{ trait: "age", bucket: "18-24", count: random.below(100) }] }
      : {}),
  };
}

/** Publishes random states of records over and over, in random batches, and returns the last state of each. */
export async function publishAtRandom<R extends { readonly sellerId: string }>(
  room: SignalsRoom,
  kind: "review" | "social",
  make: (random: Random, id: number) => R,
): Promise<readonly State<R>[]> {
  const random = new Random(SEED, kind.length);
  const last = new Map<string, State<R>>();
  for (let batch = 0; batch < 25; batch += 1) {
    const platform = random.pick(["site-a", "site-b"]);
    const records = Array.from({ length: 1 + random.below(60) }, () => {
      const id = random.below(150);
      const record = make(random, id);
      last.set(`${platform}/${id}`, { platform, record });
      return record;
    });
    const report = await room.publish(platform, kind, records);
    expect(report.rejected, JSON.stringify(report.rejections)).toBe(0);
  }
  return [...last.values()];
}
