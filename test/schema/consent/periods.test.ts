import { describe, expect, it } from "vitest";
import { periodStarts } from "../../../schema/consent/periods.js";

describe("the periods that hold an instant", () => {
  it.each([
    [
      "a Monday's first instant in Shanghai",
      "2026-06-14T16:00:00.000Z",
      "2026-06-15",
      "2026-06-15",
      "2026-06-01",
    ],
    ["the instant before it", "2026-06-14T15:59:59.999Z", "2026-06-14", "2026-06-08", "2026-06-01"],
    [
      "the last of a month, the first here",
      "2026-02-28T16:00:00.000Z",
      "2026-03-01",
      "2026-02-23",
      "2026-03-01",
    ],
    ["a leap day", "2028-02-28T16:30:00.000Z", "2028-02-29", "2028-02-28", "2028-02-01"],
    ["a week that began last year", "2026-12-31T20:00:00.000Z", "2027-01-01", "2026-12-28", "2027-01-01"],
  ])("%s", (_what, now, day, week, month) => {
    expect(periodStarts(new Date(now))).toEqual({ DAY: day, WEEK: week, MONTH: month, TOTAL: "1970-01-01" });
  });
});
