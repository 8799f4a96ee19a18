import type { Clock } from "../../foundation/clock.js";
import type { Postgres } from "../../foundation/postgres.js";
import type { PermitVerifier } from "./permit.js";

/** What every subgraph is built from. */
export interface SubgraphDeps {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly verifyPermit: PermitVerifier;
}
