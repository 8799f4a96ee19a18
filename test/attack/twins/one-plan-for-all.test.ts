import { expect, it, vi } from "vitest";
import type * as narrowing from "../../../gateway/authorize/narrow-operation.js";
import { askInTurns, startTwoBanks } from "../scenarios/two-banks.js";

// Plans are kept by the operation's own hash, whoever asks and whatever was cut out of it.
vi.mock("../../../gateway/authorize/narrow-operation.js", async (importOriginal) => {
  const { narrowOperation } = await importOriginal<typeof narrowing>();
  const broken: typeof narrowOperation = (authorized, index) => {
    const narrowed = narrowOperation(authorized, index);
    return narrowed === undefined ? undefined : { ...narrowed, changed: false };
  };
  return { narrowOperation: broken };
});

it("A9 is seen to succeed against a gateway that keeps one plan for all who ask alike", async () => {
  const two = await startTwoBanks();
  const breaches = await askInTurns(two);
  await two.bureau.close();
  expect(breaches).toContain("narrow first: wide-bank got the other's answer");
}, 60_000);
