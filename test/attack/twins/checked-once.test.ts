import { expect, it, vi } from "vitest";
import type * as rechecking from "../../../gateway/authorize/recheck.js";
import { letAllHappen, MIDWAYS, startMidwayBureau } from "../scenarios/midway.js";

// The first look at the ledger is the last.
vi.mock("../../../gateway/authorize/recheck.js", async (importOriginal) => {
  const recheck: typeof rechecking.recheck = async (authorized) => authorized;
  return { ...(await importOriginal<typeof rechecking>()), recheck };
});

it("A8 is seen to succeed against a gateway that checks consent once", async () => {
  const midway = await startMidwayBureau();
  const breaches = await letAllHappen(midway);
  await midway.bureau.close();
  expect(breaches).toEqual(MIDWAYS.map(({ what }) => what));
}, 60_000);
