import { expect, it, vi } from "vitest";
import type * as narrowing from "../../../gateway/authorize/narrow-operation.js";
import { askInTurns, startTwoBanks } from "../scenarios/two-banks.js";

// The plan is one for all; here what may be seen under it is kept too, by the operation's own hash, whoever asks.
vi.mock("../../../gateway/authorize/narrow-operation.js", async (importOriginal) => {
  const { narrowOperation } = await importOriginal<typeof narrowing>();
  const kept = new Map<string, ReturnType<typeof narrowOperation>>();
  const broken: typeof narrowOperation = (authorized, ...rest) => {
    const { sha256 } = authorized.operation;
    if (!kept.has(sha256)) kept.set(sha256, narrowOperation(authorized, ...rest));
    return kept.get(sha256);
  };
  return { narrowOperation: broken };
});

it("A9 is seen to succeed against a gateway that keeps one plan for all who ask alike", async () => {
  const two = await startTwoBanks();
  const breaches = await askInTurns(two);
  await two.bureau.close();
  expect(breaches).toContain("narrow first: wide-bank got the other's answer");
}, 60_000);
