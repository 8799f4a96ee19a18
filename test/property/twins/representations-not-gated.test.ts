import { expect, it, vi } from "vitest";
import type * as gate from "../../../gateway/fetch/representations.js";
import { failureOfTwin } from "./run-twin.js";

// Point 3 off: every entity is fetched from every subgraph.
vi.mock("../../../gateway/fetch/representations.js", () => {
  class RepresentationGate implements Pick<gate.RepresentationGate, "admit"> {
    admit(
      ...[, { representations }]: Parameters<gate.RepresentationGate["admit"]>
    ): ReturnType<gate.RepresentationGate["admit"]> {
      const merchants = new Set(representations.map((each) => String((each as { id?: unknown }).id)));
      const positions = representations.map((_, i) => i);
      return { total: representations.length, kept: representations, positions, merchants };
    }
  }
  return { RepresentationGate };
});

it("catches a gateway that names a merchant to a subgraph of which it opens nothing", async () => {
  expect(await failureOfTwin()).toMatch(/^asked: \w+ was asked about \w{18} for what it does not open/m);
}, 300_000);
