import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MonthRange } from "../../../schema/claims.js";
import { type ConsentDecision, decide } from "../../../schema/consent.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import { consents, inquiry, instant } from "./arbitrary-consents.js";
import { hold, SEED } from "./seeded.js";
import { type ModelAnswer, modelDecide } from "./slow-model.js";

const CASES = 100_000;

/** The decision in the model's words. */
function inModelWords(decision: ConsentDecision): ModelAnswer {
  const open = decision.rules.filter(({ allowed }) => allowed);
  const verdicts = new Map<string, string>(open.map(({ category, level }) => [`${category} ${level}`, "OK"]));
  for (const { category, level, code, rule } of decision.withheld)
    verdicts.set(`${category} ${level}`, `${code} ${rule}`);
  return {
    verdicts,
    consentId: decision.consent?.terms.consentId,
    stage: decision.terms?.stage,
    months: decision.months === undefined ? [] : monthsOf(decision.months),
    accounts: JSON.stringify(decision.accounts ?? "every"),
  };
}

/** Newest first. */
function monthsOf({ from, until }: MonthRange): readonly string[] {
  const months: string[] = [];
  for (let month = from; month < until; month = nextOf(month)) months.unshift(month);
  return months;
}

function nextOf(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`;
}

/** One text for one answer: comparing texts is what makes a hundred thousand cases cheap. */
function textOf({ verdicts, ...rest }: ModelAnswer): string {
  return JSON.stringify([[...verdicts].toSorted(), rest.consentId, rest.stage, rest.months, rest.accounts]);
}

describe(`decide and its independent model, seed ${SEED}`, () => {
  test(`agree on ${CASES} random cases, in every verdict, consent, stage, month and account`, () => {
    const seen = new Map<string, number>();
    hold(
      fc.property(consents, inquiry, instant, (held, asked, now) => {
        const model = modelDecide(held, asked, CN_RULEBOOK, now);
        const decision = inModelWords(decide(held, asked, CN_RULEBOOK, now));
        for (const verdict of model.verdicts.values()) seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
        return textOf(decision) === textOf(model);
      }),
      CASES,
    );
    // Every verdict there is was met, and often: agreement on refusals alone would prove little.
    process.stdout.write(
      `${[...seen]
        .toSorted(([, a], [, b]) => b - a)
        .map(([verdict, count]) => `${count}\t${verdict}`)
        .join("\n")}\n`,
    );
    expect(seen.size).toBeGreaterThanOrEqual(20);
    expect(Math.min(...seen.values())).toBeGreaterThan(20);
    expect(seen.get("OK") ?? 0).toBeGreaterThan(CASES / 10);
  }, 120_000);
});
