import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ACCOUNTS_MAX } from "../../schema/consent/ceiling.js";
import { CONSENT_STATES } from "../../schema/consent-terms.js";
import { isErrorCode } from "../../schema/errors.js";
import { PURPOSES } from "../../schema/purposes.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import { CATEGORIES } from "../../schema/categories.js";

const PAGE = readFileSync(new URL("../../docs/consent.md", import.meta.url), "utf8");

const words = (list: readonly string[]): string => list.map((word) => `\`${word}\``).join(" ");

/** The rows that the table must have, as the rulebook has them. */
function ceilingRows(): readonly string[] {
  return PURPOSES.flatMap((purpose) => {
    const { categories, records, lifeDaysMax, lookbackMonthsMax, frequencyMax, hasLoanStages } =
      CN_RULEBOOK.ceilings[purpose];
    // The merchant's own purpose is no bank's, and needs no consent.
    if (frequencyMax.count === 0) return [];
    const all = categories.length === CATEGORIES.length ? "all" : words(categories);
    const inquiries = `${frequencyMax.count} a ${frequencyMax.period}`;
    const cells = [
      `\`${purpose}\``,
      all,
      records.length === 0 ? "none" : words(records),
      lifeDaysMax,
      lookbackMonthsMax,
      inquiries,
      hasLoanStages ? "yes" : "no",
    ];
    return [`| ${cells.join(" | ")} |`];
  });
}

describe("docs/consent.md", () => {
  test("has the ceilings of the rulebook in force, row by row", () => {
    const table = /<!-- ceilings[^\n]*\n([\s\S]*?)<!-- end of ceilings -->/.exec(PAGE)?.[1] ?? "";
    expect(table.trim().split("\n").slice(2)).toEqual(ceilingRows());
    expect(PAGE).toContain(`rulebook ${CN_RULEBOOK.version}`);
  });

  test("explains every state, and what the bank is told of it", () => {
    const order = [...PAGE.matchAll(/^\| `([A-Z_]+)` \| [^|]+ \| (?:`([A-Z_]+)`)? ?\|$/gm)].map(
      ([, state]) => state,
    );
    expect(order.toSorted()).toEqual([...CONSENT_STATES].toSorted());
  });

  test("names only error codes that exist", () => {
    const codes = [...PAGE.matchAll(/`((?:CONSENT|SCOPE|PURPOSE|LEVEL)_[A-Z_]+)`/g)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(12);
    for (const code of codes) expect(isErrorCode(code), code).toBe(true);
  });

  test("states the numbers that are in force", () => {
    const { pendingDays, cooldownDays, pendingMax } = CN_RULEBOOK.request;
    expect(PAGE).toContain(`pending for ${pendingDays} days`);
    expect(PAGE).toContain(`for ${cooldownDays} days`);
    expect(pendingMax).toBe(3);
    expect(PAGE).toContain("at most three of its requests");
    expect(PAGE).toContain(`at most ${ACCOUNTS_MAX} accounts`);
  });

  test("counts the decision cases", () => {
    const file = JSON.parse(
      readFileSync(new URL("../conformance/consent-decisions.json", import.meta.url), "utf8"),
    ) as { readonly cases: readonly unknown[] };
    expect(PAGE).toContain(`${file.cases.length} cases stand as data`);
  });

  test("promises R1 to R5", () => {
    for (const promise of ["R1", "R2", "R3", "R4", "R5"])
      expect(PAGE).toMatch(new RegExp(`^- \\*\\*${promise}, `, "m"));
  });
});
