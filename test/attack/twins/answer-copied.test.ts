import { expect, it, vi } from "vitest";
import type * as releasing from "../../../gateway/answer/release.js";
import { smuggleBob, startLyingBureau } from "../scenarios/rogue-subgraph.js";

// What the subgraphs gave is the answer, errors and all.
vi.mock("../../../gateway/answer/release.js", () => {
  const release: typeof releasing.release = ({ authorized, data, errors }) =>
    ({ authorized, data, errors, categories: new Map(), records: new Map() }) as unknown as ReturnType<
      typeof releasing.release
    >;
  return { release };
});

it("S1 is seen to succeed against a gateway that copies the answer instead of building it", async () => {
  const lying = await startLyingBureau();
  const breaches = await smuggleBob(lying);
  await lying.bureau.close();
  expect(breaches).toEqual(["a category that was not granted", "an error's path"]);
}, 60_000);
