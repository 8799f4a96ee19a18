import { expect, it, vi } from "vitest";
import type { PermitClaims, PermitGrant } from "../../../schema/claims.js";
import type { Scope } from "../../../schema/parties.js";
import type * as permits from "../../../subgraphs/host/permit.js";
import { askPastTheGateway, BAD_PERMITS, startDirectSubgraph } from "../scenarios/direct-subgraph.js";

// A subgraph that believes whatever a permit says of itself, and answers without one too.
vi.mock("../../../subgraphs/host/permit.js", async (importOriginal) => {
  const original = await importOriginal<typeof permits>();
  class OpenPermit extends original.Permit {
    override grantFor(merchant: string): PermitGrant {
      return { inquiry: "", merchant, categories: [], records: [] };
    }
    override require(merchant: string): PermitGrant {
      return this.grantFor(merchant);
    }
  }
  const createPermitVerifier: typeof original.createPermitVerifier =
    () =>
    async (_name, { permit }) => {
      const payload = Buffer.from(permit?.split(".")[1] ?? "", "base64url").toString();
      const { sub, party, scope = "" } = JSON.parse(payload || "{}") as Partial<PermitClaims>;
      const scopes = new Set(scope.split(" ")) as ReadonlySet<Scope>;
      return new OpenPermit({ party: party ?? "bank", id: sub ?? "demo-bank", scopes }, []);
    };
  return { ...original, createPermitVerifier };
});

it("A5 and S2 are seen to succeed against a subgraph that does not check permits", async () => {
  const direct = await startDirectSubgraph();
  const breaches = await askPastTheGateway(direct);
  await direct.close();
  expect(breaches).toEqual([
    "without a permit",
    ...BAD_PERMITS.map(([how]) => `a permit ${how}`),
    "a permit by another key",
    "an access token's type",
    "an access token",
    "a representation more",
    "a merchant without a grant",
    "a category without a grant",
  ]);
}, 60_000);
