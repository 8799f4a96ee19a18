import { expect } from "vitest";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { Published } from "./order-story.js";
import type { Stage } from "./stage.js";

/** Publishes in the order given, cut into batches of one platform and kind, some of them twice. */
export async function publishAll(
  stage: Stage,
  events: readonly Published[],
  batchMax: number,
): Promise<void> {
  let batch: Published[] = [];
  const flush = async () => {
    const [first] = batch;
    if (first === undefined) return;
    const records = batch.map(({ record }) => record);
    const report = await stage.publish(first.platform, first.kind as FeedKind, records);
    expect(report.rejections).toEqual([]);
    batch = [];
  };
  for (const next of events) {
    const isSame = batch[0]?.platform === next.platform && batch[0]?.kind === next.kind;
    if (!isSame || batch.length >= batchMax) await flush();
    batch.push(next);
  }
  await flush();
}
