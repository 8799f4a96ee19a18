import type { FeedRejection } from "../../schema/ports.js";
import type { PublishTotals } from "./publish-totals.js";

const REJECTIONS_SHOWN = 20;

/** One line on the counts, for progress. */
export function describeCounts(totals: PublishTotals): string {
  const counts = [
    `${totals.accepted} accepted`,
    `${totals.duplicate} duplicate`,
    `${totals.corrected} corrected`,
    `${totals.rejected} rejected`,
  ];
  return `${totals.records} records: ${counts.join(", ")}`;
}

/** The summed report. */
export function describeTotals(kind: string, totals: PublishTotals): string {
  const repeated = totals.repeated === 0 ? "" : ` (${totals.repeated} of them published before)`;
  return `${kind}: ${describeCounts(totals)}; ${totals.batches} batches${repeated}`;
}

/** The first rejections, one a line, in the form editors jump to: `file:line: code pointer message`. */
export function describeRejections(source: string, totals: PublishTotals): string[] {
  const shown = totals.rejections
    .slice(0, REJECTIONS_SHOWN)
    .map((rejection) => describeRejection(source, rejection));
  const more = totals.rejected - shown.length;
  return more > 0 ? [...shown, `... and ${more} more rejections`] : shown;
}

function describeRejection(source: string, rejection: FeedRejection): string {
  const pointer = rejection.pointer === "" ? "" : ` ${rejection.pointer}`;
  return `${source}:${rejection.line}: ${rejection.code}${pointer}: ${rejection.message}`;
}
