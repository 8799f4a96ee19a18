import { afterEach, describe, expect, it } from "vitest";
import { checkModels } from "../../../scripts/prove-revocation/models/check-models.js";
import { isAsExpected, type Verdict, verdictTable } from "../../../scripts/prove-revocation/verdict.js";

const verdict = (expected: Verdict["expected"], result: Verdict["result"]): Verdict => ({
  layer: "simulation",
  variant: "L0",
  expected,
  result,
  rests: "2 seeds",
});

describe("a verdict", () => {
  it.each([
    ["holds", "holds", true],
    ["holds", "caught", false],
    ["holds", "empty", false],
    ["holds", "failed", false],
    ["holds", "skipped", true],
    ["caught", "caught", true],
    ["caught", "holds", false],
    ["caught", "failed", false],
  ] as const)("that expects %s and finds %s is as expected: %s", (expected, result, isExpected) => {
    expect(isAsExpected(verdict(expected, result))).toBe(isExpected);
    expect(verdictTable([verdict(expected, result)]).includes("NOT AS EXPECTED")).toBe(!isExpected);
  });
});

describe("the models, where no model checker is installed", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env["PATH"] = PATH;
  });

  it("are said to be skipped, and neither hold nor fail", async () => {
    process.env["PATH"] = "";
    const seen: Verdict[] = [];
    const verdicts = await checkModels((one) => seen.push(one));
    expect(seen).toEqual(verdicts);
    expect(verdicts).toMatchObject([{ result: "skipped" }]);
    expect(verdicts[0]?.rests).toContain("spin and gcc not installed");
  });
});
