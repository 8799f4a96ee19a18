import { expect, it, vi } from "vitest";
import type * as reading from "../../../gateway/authorize/read-questions.js";
import { failureOfTwin } from "./run-twin.js";

// Point 2 off, the decision: every position is taken for the first merchant that the operation asks about.
vi.mock("../../../gateway/authorize/read-questions.js", async (importOriginal) => {
  const original = await importOriginal<typeof reading>();
  const first = new WeakMap<object, ReturnType<typeof original.readQuestions>[number]>();
  const readQuestions: typeof original.readQuestions = (root, context) => {
    const questions = original.readQuestions(root, context);
    const key = context.operation;
    const [question] = questions;
    if (question !== undefined && !first.has(key)) first.set(key, question);
    const known = first.get(key);
    return known === undefined ? questions : questions.map(({ asked }) => ({ ...known, asked }));
  };
  return { ...original, readQuestions };
});

it("catches a gateway that decides one alias and serves them all", async () => {
  expect(await failureOfTwin()).toMatch(/^(leak|missing|error missing|decision): /m);
}, 300_000);
