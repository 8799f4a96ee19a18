import { systemClock } from "../../../../foundation/clock.js";
import { createSigner, publicKeySet } from "../../../../foundation/tokens.js";
import { openPostgres } from "../../../../foundation/postgres.js";
import { loadKeys } from "../../../../gateway/process/open-bureau.js";
import { PERMIT_ISSUER } from "../../../../gateway/process/create-gateway.js";
import { CATEGORIES } from "../../../../schema/categories.js";
import type { MonthRange } from "../../../../schema/claims.js";
import type { Subgraph, SubgraphAnswer } from "../../../../schema/subgraph.js";
import { createPermitVerifier, Permit, type PermitVerifier } from "../../../../subgraphs/host/permit.js";
import { SUBGRAPHS } from "../../../../subgraphs/index.js";

/** What the benchmark's own subgraphs are opened with. */
export interface SubgraphsOptions {
  readonly connectionString: string;
  readonly keysFolder: string;
  readonly poolMax: number;
  /** What an asker without a permit may read; the same months that the consents open. */
  readonly months: MonthRange;
  /** Answers are remembered by the request's body, so that the gateways are compared and not the database. */
  readonly isMemoized: boolean;
}

/**
 * Every subgraph as it is shipped, but for one thing: whoever brings no permit may read all of the merchants that the
 * request names. That is how gateways that know no permits are measured on the same subgraphs; a permit that is brought is
 * verified as always.
 */
export async function openSubgraphs(options: SubgraphsOptions): Promise<readonly Subgraph[]> {
  const keys = await loadKeys(options.keysFolder);
  const verify = createPermitVerifier({
    issuer: PERMIT_ISSUER,
    keys: { kind: "local", keys: publicKeySet([keys.permit]) },
    algorithms: ["EdDSA", "ES256"],
    clock: systemClock,
  });
  const verifyPermit: PermitVerifier = async (name, request) =>
    request.permit === undefined ? openPermit(request.body, options.months) : verify(name, request);
  const postgres = openPostgres({
    connectionString: options.connectionString,
    applicationName: "bench-subgraphs",
    poolMax: options.poolMax,
    statementTimeoutMs: 10_000,
  });
  const signer = await createSigner(keys.artefact);
  const deps = {
    postgres,
    clock: systemClock,
    verifyPermit,
    signArtefact: (payload: object) => signer.sign("consent+jwt", { ...payload }),
  };
  const subgraphs = await Promise.all(Object.values(SUBGRAPHS).map(({ create }) => create(deps)));
  return options.isMemoized ? subgraphs.map(memoized) : subgraphs;
}

const CODE = /9[0-9A-HJ-NP-RTUWXY]{17}/g;

function openPermit(body: string, months: MonthRange): Permit {
  const merchants = new Set(body.match(CODE) ?? []);
  const grants = [...merchants].map((merchant) => ({
    inquiry: "00000000-0000-7000-8000-000000000000",
    merchant,
    categories: CATEGORIES,
    records: [],
    months,
  }));
  return new Permit({ party: "bank", id: "bench-bank", scopes: new Set(["profile:read"]) }, grants);
}

const MEMOIZED_MAX = 10_000;

/** A subgraph that answers the same body from memory; the permit is verified all the same. */
export function memoized(subgraph: Subgraph): Subgraph {
  // As text: each asker gets an answer of its own, which it may go on to change.
  const answers = new Map<string, string>();
  return {
    ...subgraph,
    execute: async (request) => {
      const known = answers.get(request.body);
      if (known !== undefined) {
        await subgraph.context(request);
        return JSON.parse(known) as SubgraphAnswer;
      }
      const answer = await subgraph.execute(request);
      if (answer.errors === undefined && answers.size < MEMOIZED_MAX)
        answers.set(request.body, JSON.stringify(answer));
      return answer;
    },
  };
}
