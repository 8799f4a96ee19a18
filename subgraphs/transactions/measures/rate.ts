import type { Metric } from "../../host/metric-types.js";
import type { Frame } from "./frame.js";
import { type Finding, metric } from "./ground.js";
import { wilson } from "./wilson.js";

/** A share of counted things, 0 to 1, with its Wilson interval; null below 30 things. */
export function rate(frame: Frame, part: number, finding: Finding): Metric {
  const { n } = finding;
  return metric(frame, {
    ...finding,
    isSampled: true,
    value: n === 0 ? null : part / n,
    unit: "ratio",
    confidence: wilson(part, n),
    reason: finding.reason ?? (n === 0 ? "SAMPLE_TOO_SMALL" : undefined),
  });
}
