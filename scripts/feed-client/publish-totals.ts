import type { BatchReport, FeedRejection } from "../../schema/ports.js";
import type { LineBatch } from "./batch-lines.js";

/** Rejections kept for showing; the counts cover all. */
const REJECTIONS_KEPT = 1_000;

/** The sum of the batch reports of one publish. */
export interface PublishTotals {
  readonly batches: number;
  /** Batches that an earlier run had published, answered from their reports. */
  readonly repeated: number;
  readonly records: number;
  readonly bytes: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly corrected: number;
  readonly rejected: number;
  /** The first 1,000, with `line` counted in the whole input. */
  readonly rejections: readonly FeedRejection[];
}

export const NO_TOTALS: PublishTotals = {
  batches: 0,
  repeated: 0,
  records: 0,
  bytes: 0,
  accepted: 0,
  duplicate: 0,
  corrected: 0,
  rejected: 0,
  rejections: [],
};

/** `totals` with one more batch; its rejections' lines become lines of the whole input. */
export function addReport(totals: PublishTotals, batch: LineBatch, report: BatchReport): PublishTotals {
  const room = REJECTIONS_KEPT - totals.rejections.length;
  const moved = report.rejections
    .slice(0, room)
    .map((rejection) => ({ ...rejection, line: rejection.line + batch.firstLine - 1 }));
  return {
    batches: totals.batches + 1,
    repeated: totals.repeated + (report.repeated ? 1 : 0),
    records: totals.records + batch.records,
    bytes: totals.bytes + batch.bytes,
    accepted: totals.accepted + report.accepted,
    duplicate: totals.duplicate + report.duplicate,
    corrected: totals.corrected + report.corrected,
    rejected: totals.rejected + report.rejected,
    rejections: moved.length === 0 ? totals.rejections : [...totals.rejections, ...moved],
  };
}
