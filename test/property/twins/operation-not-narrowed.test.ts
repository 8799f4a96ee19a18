import { expect, it, vi } from "vitest";
import type * as narrowing from "../../../gateway/authorize/narrow-operation.js";
import type { Inquiry } from "../../../gateway/inquiry.js";
import { failureOfTwin } from "./run-twin.js";

// Point 1 off: whoever opens anything is asked for everything.
vi.mock("../../../gateway/authorize/narrow-operation.js", async (importOriginal) => {
  const { narrowOperation } = await importOriginal<typeof narrowing>();
  const opened = (inquiry: Inquiry): Inquiry =>
    inquiry.granted.size === 0
      ? inquiry
      : { ...inquiry, granted: new Set(inquiry.asked), records: new Set(inquiry.askedRecords) };
  const broken: typeof narrowOperation = (authorized, ...rest) => {
    const inquiries = new Map([...authorized.inquiries].map(([key, inquiry]) => [key, opened(inquiry)]));
    return narrowOperation({ ...authorized, inquiries }, ...rest);
  };
  return { narrowOperation: broken };
});

it("catches a gateway that does not cut categories out of the operation", async () => {
  expect(await failureOfTwin()).toMatch(/^asked: \w+ was asked for (consent|records):[A-Z]+ of /m);
}, 300_000);
