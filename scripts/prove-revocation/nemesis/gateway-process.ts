import { type Clock, systemClock } from "../../../foundation/clock.js";
import type { KeySet } from "../../../foundation/tokens.js";
import { type BureauSeams, loadKeys, openBureau } from "../../../gateway/process/open-bureau.js";
import { createBudgets } from "../../../gateway/receive/budgets.js";
import { breakLedger, type BrokenLedger } from "../broken-ledgers.js";
import { NO_BUDGETS } from "../no-budgets.js";

/** What the driver tells a gateway process when it is born; the only way in which a defect gets into it. */
export interface GatewayOrder {
  readonly connectionString: string;
  readonly keysFolder: string;
  readonly issuer: string;
  readonly audience: string;
  /** The public key of the driver's own issuer. */
  readonly issuerKeys: KeySet;
  readonly defect: BrokenLedger | undefined;
}

/** What the process answers once it listens. */
export interface GatewayReady {
  readonly url: string;
}

/**
 * A check never grows old, so that none is repeated at release. On a busy machine every answer is older than 50 ms, and the
 * release check makes good what joining in flight spoils; the simulation shows the defect with that check in place.
 */
const WITHOUT_AGE: Clock = { now: () => systemClock.now(), monotonicMs: () => 0 };

// The driver is the only reason to live; it goes, so does this process.
process.once("disconnect", () => process.exit(0));
process.once("message", (order) => void serve(order as GatewayOrder));

async function serve(order: GatewayOrder): Promise<void> {
  const keys = await loadKeys(order.keysFolder);
  const seams: BureauSeams = order.defect === undefined ? {} : { ledger: breaking(order.defect) };
  const bureau = await openBureau(
    {
      connectionString: order.connectionString,
      clock: order.defect === "joinInFlight" ? WITHOUT_AGE : systemClock,
      keys,
      tokens: {
        issuer: order.issuer,
        audience: order.audience,
        algorithms: ["EdDSA"],
        keys: { kind: "local", keys: order.issuerKeys },
        clockToleranceSeconds: 10,
      },
      subgraphUrls: new Map(),
      introspection: false,
      trust: { sources: [], requiredOf: [] },
      budgets: createBudgets({ redis: undefined, clock: systemClock, limits: NO_BUDGETS }),
      // Bearer tokens: what is on trial is consent, and every request of the driver counts.
      possession: {
        publicUrl: undefined,
        boundParties: [],
        tlsTerminators: [],
        proofAgeMs: 60_000,
        proofAheadMs: 5_000,
        replayGuard: undefined,
      },
      // As shipped; what waits for a subgraph or the record is shorter, so that a hole ends within the run.
      ledgerTimeoutMs: 250,
      recordTimeoutMs: 2_000,
      subgraphTimeoutMs: 2_000,
      requestTimeoutMs: 30_000,
      arrivalTimeoutMs: 10_000,
      connectionsMax: 1_000,
      poolMax: 8,
      statementTimeoutMs: 10_000,
      onError: () => {},
    },
    seams,
  );
  const url = await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 });
  process.send?.({ url } satisfies GatewayReady);
}

function breaking(defect: BrokenLedger): NonNullable<BureauSeams["ledger"]> {
  return (ledger) => breakLedger(defect, ledger, systemClock);
}
