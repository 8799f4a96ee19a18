import { expect, it, vi } from "vitest";
import type * as consents from "../../../schema/consent.js";
import { MISUSES, misuseAll, startMisusedBureau } from "../scenarios/misused-consent.js";

// Whoever ever had a consent of the merchant gets everything.
vi.mock("../../../schema/consent.js", async (importOriginal) => {
  const original = await importOriginal<typeof consents>();
  const decide: typeof original.decide = (given, inquiry, rulebook, now) => {
    const [consent] = given;
    if (consent === undefined) return original.decide(given, inquiry, rulebook, now);
    return { ...original.decideOwn(inquiry.categories, rulebook), consent };
  };
  return { ...original, decide };
});

it("A2 is seen to succeed against a gateway to which any consent will do", async () => {
  const bureau = await startMisusedBureau();
  const breaches = await misuseAll(bureau);
  await bureau.close();
  // Another bank has none; and the last use is taken from the ledger, whatever was decided.
  const held = new Set(["by another bank", "once more than agreed"]);
  expect(breaches).toEqual(MISUSES.map(({ how }) => how).filter((how) => !held.has(how)));
}, 60_000);
