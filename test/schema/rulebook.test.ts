import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import { RULE_IDS } from "../../schema/rulebook-form.js";
import { PURPOSES } from "../../schema/purposes.js";

/**
 * Every version that was ever in force, by the SHA-256 of its values. Artefacts, decisions and records name a version:
 * whoever changes a value of a version that is out gives it another name, and adds a line.
 */
const VERSIONS: Readonly<Record<string, string>> = {
  "CN-2026.2": "8ded21c6b09ef08f49e99e67438eb979c29a896cd389f987f4e4df9f691c5230",
};

/** Members in one order, so that only values count. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, canonical(member)]));
}

describe("the rulebook in force", () => {
  test("has the values that its version has always had", () => {
    const text = JSON.stringify(canonical(CN_RULEBOOK));
    expect(createHash("sha256").update(text, "utf8").digest("hex")).toBe(VERSIONS[CN_RULEBOOK.version]);
  });

  test("names the notice by the version that it came with", () => {
    expect(Object.keys(VERSIONS)).toContain(CN_RULEBOOK.notice.version);
  });

  test("gives every rule a text, both articles, and a mend where it refuses", () => {
    expect(Object.keys(CN_RULEBOOK.rules).toSorted()).toEqual([...RULE_IDS].toSorted());
    for (const [id, { text, article, fix }] of Object.entries(CN_RULEBOOK.rules)) {
      expect(text, id).toMatch(/\.$/);
      expect(article.INDIVIDUAL, id).not.toBe("");
      expect(article.ENTERPRISE, id).not.toBe("");
      if (id !== "consent.granted" && id !== "own.file") expect(fix, id).toMatch(/\.$/);
    }
  });

  test.each(PURPOSES)("opens records for %s only of categories that it opens", (purpose) => {
    const { categories, records, hasLoanStages } = CN_RULEBOOK.ceilings[purpose];
    for (const category of records) expect(categories).toContain(category);
    // What a loan's assessment goes on as must itself be a purpose of banks.
    if (hasLoanStages)
      expect(CN_RULEBOOK.ceilings.POST_LOAN_MONITORING.frequencyMax.count).toBeGreaterThan(0);
  });

  test("keeps records from purposes that figures serve", () => {
    for (const purpose of ["CREDIT_LIMIT_REVIEW", "GUARANTEE_REVIEW", "COLLECTION"] as const)
      expect(CN_RULEBOOK.ceilings[purpose].records).toEqual([]);
    expect(PURPOSES.filter((purpose) => CN_RULEBOOK.ceilings[purpose].hasLoanStages)).toEqual([
      "PRE_LOAN_ASSESSMENT",
    ]);
  });
});
