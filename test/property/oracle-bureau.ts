import type { Clock } from "../../foundation/clock.js";
import { createBudgets } from "../../gateway/receive/budgets.js";
import type { ConsentLedger, InquiryEntry, InquiryLog } from "../../schema/ports.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { createSubgraphServer } from "../../subgraphs/host/http.js";
import type { SubgraphContext } from "../../subgraphs/host/context.js";
import {
  AMPLE_BUDGETS,
  startTestBureau,
  type TestBureau,
  type TestBureauOptions,
} from "../support/bureau.js";
import { taintedSubgraph } from "./tainted-subgraph.js";
import { toLedger } from "./to-ledger.js";
import type { World } from "./world.js";

/** One request that reached a subgraph. */
export interface SubgraphCall {
  readonly subgraph: string;
  readonly permit: string | undefined;
  readonly body: string;
}

/** A resolver that was about to answer. */
export interface Touch {
  readonly asker: string;
  readonly merchant: string;
  readonly category: string;
}

/** A whole gateway over tainted subgraphs, and what could be seen behind it. */
export interface OracleBureau {
  readonly bureau: TestBureau;
  readonly calls: SubgraphCall[];
  readonly touches: Touch[];
  readonly entries: InquiryEntry[];
  /** Changes all consents at once. */
  enter(world: World): void;
  /** The instant by which consent is judged. */
  now(): Date;
  close(): Promise<void>;
}

/** Noon in Shanghai; the clock of the gateway and of the ledger stands still. */
const NOW = new Date("2026-06-15T04:00:00.000Z");

const standing: Clock = { now: () => NOW, monotonicMs: () => 0 };

/** What operations cost is no matter here, and thousands of them are asked on one day. */
const BOUNDLESS = {
  ...AMPLE_BUDGETS,
  budgetRequests: 1_000_000_000,
  budgetCost: 1_000_000_000_000,
  operationCostMax: 1_000_000_000,
  budgetInquiries: 1_000_000_000,
};

export interface OracleOptions {
  readonly mode: "in-process" | "http";
  /** The ledger of the world at hand, or the real one on PostgreSQL, filled through the graph. */
  readonly ledger: "memory" | "real";
}

/** Which subgraphs keep their own resolvers when consents are granted through the graph. */
const REAL = new Set(["consents", "inquiries"]);

/** Starts a gateway whose subgraphs are tainted: the real path from the HTTP door to the resolvers' floor. */
export async function startOracleBureau({ mode, ledger }: OracleOptions): Promise<OracleBureau> {
  const calls: SubgraphCall[] = [];
  const touches: Touch[] = [];
  const entries: InquiryEntry[] = [];
  let world: World = { consents: [], askers: [] };
  const tainted = (real: Subgraph): Subgraph => {
    const verify = async (_name: string, request: Parameters<Subgraph["context"]>[0]) =>
      ((await real.context(request)) as SubgraphContext).permit;
    const touched = (asker: string, merchant: string, category: string): void =>
      void touches.push({ asker, merchant, category });
    return taintedSubgraph(real, verify, touched);
  };
  const seen = (subgraph: Subgraph): Subgraph => ({
    ...subgraph,
    execute: (request) => {
      calls.push({ subgraph: subgraph.name, permit: request.permit, body: request.body });
      return subgraph.execute(request);
    },
  });
  const remote = mode === "http" ? await serveLate() : undefined;
  const options: TestBureauOptions = {
    ...(ledger === "memory" ? { clock: standing } : {}),
    settings: {
      subgraphUrls: remote?.urls ?? new Map<string, URL>(),
      budgets: createBudgets({ redis: undefined, clock: standing, limits: BOUNDLESS }),
    },
    seams: {
      ...(ledger === "memory"
        ? { ledger: () => memoryLedger(() => world), log: () => memoryLog(entries) }
        : { log: (log) => alsoSeen(log, entries) }),
      subgraph: (real) => {
        const kept = ledger === "real" && REAL.has(real.name) ? real : seen(tainted(real));
        remote?.stand.set(real.name, kept);
        return kept;
      },
    },
  };
  const bureau = await startTestBureau(options);
  return {
    bureau,
    calls,
    touches,
    entries,
    enter: (next) => {
      world = next;
    },
    now: () => bureau.clock.now(),
    close: async () => {
      await bureau.close();
      await remote?.close();
    },
  };
}

function memoryLedger(world: () => World): ConsentLedger {
  return {
    check: async (questions) => ({
      now: NOW,
      ended: [],
      consents: questions.map(({ bank, merchant }) =>
        world()
          .consents.filter((consent) => consent.bank === bank && consent.merchant === merchant)
          .toSorted((a, b) => b.age - a.age)
          .map((consent) => toLedger(consent, NOW)),
      ),
    }),
    claimUses: async (consents) =>
      consents.map(({ terms, used }) =>
        used < terms.frequency.count ? terms.frequency.count - used - 1 : undefined,
      ),
  };
}

function memoryLog(entries: InquiryEntry[]): InquiryLog {
  return {
    append: async (added) => {
      entries.push(...added);
      return added.map(({ inquiryId }) => ({ inquiryId, recordedAt: NOW, leafHash: "0".repeat(64) }));
    },
  };
}

function alsoSeen(log: InquiryLog, entries: InquiryEntry[]): InquiryLog {
  return {
    append: (added) => {
      entries.push(...added);
      return log.append(added);
    },
  };
}

const NAMES = ["merchants", "transactions", "signals", "consents", "inquiries"];

/** Servers that listen before the subgraphs behind them are built: their permits' keys are the bureau's. */
async function serveLate() {
  const stand = new Map<string, Subgraph>();
  const urls = new Map<string, URL>();
  const behind = (name: string): Subgraph => {
    const subgraph = stand.get(name);
    if (subgraph === undefined) throw new Error(`${name} is not built yet`);
    return subgraph;
  };
  const servers = await Promise.all(
    NAMES.map(async (name) => {
      const server = createSubgraphServer({
        name,
        get sdl() {
          return behind(name).sdl;
        },
        get schema() {
          return behind(name).schema;
        },
        context: (request) => behind(name).context(request),
        execute: (request) => behind(name).execute(request),
      });
      urls.set(name, new URL(`${await server.listen({ host: "127.0.0.1", port: 0 })}/graphql`));
      return server;
    }),
  );
  return {
    stand,
    urls,
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}
