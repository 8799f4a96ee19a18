import { expect, it, vi } from "vitest";
import type * as echoing from "../../../gateway/fetch/echo.js";
import { smuggleBob, startLyingBureau } from "../scenarios/rogue-subgraph.js";

// Nobody looks at whose values came back.
vi.mock("../../../gateway/fetch/echo.js", () => {
  class Echo implements Pick<echoing.Echo, "ask" | "checkRoots" | "checkEntities"> {
    ask(query: string): string {
      return query;
    }
    checkRoots(...[answer]: Parameters<echoing.Echo["checkRoots"]>): ReturnType<echoing.Echo["checkRoots"]> {
      return answer;
    }
    checkEntities(
      ...[answer]: Parameters<echoing.Echo["checkEntities"]>
    ): ReturnType<echoing.Echo["checkEntities"]> {
      return answer;
    }
  }
  return { Echo };
});

it("S1 is seen to succeed against a gateway that does not ask whose values came back", async () => {
  const lying = await startLyingBureau();
  const breaches = await smuggleBob(lying);
  await lying.bureau.close();
  expect(breaches).toEqual([
    "another merchant in place of the one asked about",
    "another merchant in a portfolio",
    "another type",
    "another merchant's entity",
  ]);
}, 60_000);
