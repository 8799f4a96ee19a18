import { expect, it, vi } from "vitest";
import type * as roots from "../../../gateway/authorize/narrow-roots.js";
import { failureOfTwin } from "./run-twin.js";

// Point 2 off, the cut: roots run with every merchant they name.
vi.mock("../../../gateway/authorize/narrow-roots.js", () => {
  class RootNarrower implements Pick<
    roots.RootNarrower,
    "admit" | "definitions" | "variables" | "keptPositions"
  > {
    readonly definitions = [];
    readonly variables = {};
    readonly keptPositions = new Map<string, readonly number[]>();
    readonly #authorized: ConstructorParameters<typeof roots.RootNarrower>[0];

    constructor(authorized: ConstructorParameters<typeof roots.RootNarrower>[0]) {
      this.#authorized = authorized;
    }

    admit(...[node]: Parameters<roots.RootNarrower["admit"]>): ReturnType<roots.RootNarrower["admit"]> {
      return { node, inquiries: [...this.#authorized.inquiries.values()] };
    }
  }
  return { RootNarrower };
});

it("catches a gateway that names merchants to subgraphs that opened nothing", async () => {
  expect(await failureOfTwin()).toMatch(/^named: \w+ was asked about \w{18}, which opened nothing/m);
}, 300_000);
