import { expect, it, vi } from "vitest";
import type * as releasing from "../../../gateway/answer/release.js";
import { failureOfTwin } from "./run-twin.js";

// Point 4 off: what the subgraphs gave is the answer.
vi.mock("../../../gateway/answer/release.js", () => {
  const release: typeof releasing.release = ({ authorized, data, errors }) =>
    ({ authorized, data, errors, categories: new Map() }) as unknown as ReturnType<typeof releasing.release>;
  return { release };
});

it("catches a gateway that does not build the answer from its own decisions", async () => {
  expect(await failureOfTwin()).toMatch(/^(error missing|keys|leak): /m);
}, 300_000);
