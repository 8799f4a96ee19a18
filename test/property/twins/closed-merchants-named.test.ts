import { expect, it, vi } from "vitest";
import type * as roots from "../../../gateway/authorize/narrow-roots.js";
import type { Inquiry } from "../../../gateway/inquiry.js";
import { failureOfTwin } from "./run-twin.js";

// Point 2 off, the cut: roots run with every merchant they name.
vi.mock("../../../gateway/authorize/narrow-roots.js", () => {
  class RootNarrower implements Pick<roots.RootNarrower, "admit" | "variables" | "keptPositions"> {
    readonly variables: Record<string, unknown> = {};
    readonly keptPositions = new Map<string, readonly number[]>();
    readonly #authorized: ConstructorParameters<typeof roots.RootNarrower>[0];

    constructor(authorized: ConstructorParameters<typeof roots.RootNarrower>[0]) {
      this.#authorized = authorized;
    }

    admit(...[root]: Parameters<roots.RootNarrower["admit"]>): ReturnType<roots.RootNarrower["admit"]> {
      const merchants = this.#authorized.positions.get(root.responseKey) ?? [];
      if (root.subject !== undefined) {
        const { inquiries } = this.#authorized;
        const named = merchants.map((id) => ({ ...pick(inquiries.get(id)), id }));
        this.variables[root.subject.variable] = root.subject.isList ? named : merchants[0];
      }
      return [...this.#authorized.inquiries.values()];
    }
  }
  const pick = ({ purpose, reference }: Partial<Inquiry> = {}) => ({ purpose, reference });
  return { RootNarrower };
});

it("catches a gateway that names merchants to subgraphs that opened nothing", async () => {
  expect(await failureOfTwin()).toMatch(/^named: \w+ was asked about \w{18}, which opened nothing/m);
}, 300_000);
