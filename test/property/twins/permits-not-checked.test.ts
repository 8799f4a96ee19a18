import { expect, it, vi } from "vitest";
import type * as permits from "../../../subgraphs/host/permit.js";
import { failureOfTwin } from "./run-twin.js";

// The subgraphs' floor off: a permit is read and opens everything.
vi.mock("../../../subgraphs/host/permit.js", async (importOriginal) => {
  const original = await importOriginal<typeof permits>();
  class OpenPermit extends original.Permit {
    override require(merchant: string): ReturnType<permits.Permit["require"]> {
      return { inquiry: "", merchant, categories: [], records: [] };
    }
  }
  const createPermitVerifier: typeof original.createPermitVerifier = (trust) => {
    const verify = original.createPermitVerifier(trust);
    return async (subgraph, request) => new OpenPermit((await verify(subgraph, request)).principal, []);
  };
  return { ...original, createPermitVerifier };
});

it("catches subgraphs that answer beyond their permits", async () => {
  expect(await failureOfTwin()).toMatch(/^resolved: [A-Z]+ of \w{18}/m);
}, 300_000);
