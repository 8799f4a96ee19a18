import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import type { Clock } from "../../foundation/clock.js";
import { type Network, networkList } from "../../foundation/config/network.js";
import {
  createSigner,
  createVerifier,
  type Key,
  type KeySource,
  publicKeySet,
  TOKEN_CHARACTERS_MAX,
  type TokenAlgorithm,
} from "../../foundation/tokens.js";
import type { Party } from "../../schema/parties.js";
import type { ConsentLedger, FeedIntake, InquiryLog } from "../../schema/ports.js";
import type { Rulebook } from "../../schema/rulebook.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { createApollo } from "../apollo.js";
import type { Budgets } from "../receive/budgets.js";
import { readCosts } from "../receive/cost-model.js";
import { createAuthenticate } from "../authenticate/index.js";
import type { ReplayGuard } from "../authenticate/spend-proof.js";
import { createStanding } from "../authorize/standing.js";
import { Echo } from "../fetch/echo.js";
import { type Federation, startFederation } from "../fetch/federation.js";
import { RepresentationGate } from "../fetch/representations.js";
import { createSignPermit } from "../fetch/sign-permit.js";
import { SubgraphSource } from "../fetch/subgraph-source.js";
import { inProcess, overHttp, type Transport } from "../fetch/transport.js";
import { createInquire } from "../gateway.js";
import { readSupergraph } from "../plan/index.js";
import { createReceive } from "../receive/index.js";
import { OPERATION_LIMITS, type OperationLimits } from "../receive/limits.js";
import { createReadFacts } from "../http/request-facts.js";
import { createServer } from "./server.js";

/** The issuer name in permits. */
export const PERMIT_ISSUER = "xinqiao-gateway";
const ACCESS_TOKEN_LIFETIME_SECONDS_MAX = 86_400;

/** Where a subgraph is: a value in this process, or an address. */
export type SubgraphPlace = { readonly subgraph: Subgraph } | { readonly url: URL };

/** How whoever presents a token shows that it is theirs. */
export interface Possession {
  /** What clients call; `undefined` takes the address that a connection came in on. */
  readonly publicUrl: string | undefined;
  readonly boundParties: readonly Party[];
  readonly tlsTerminators: readonly Network[];
  readonly proofAgeMs: number;
  readonly proofAheadMs: number;
  /** The memory of used proofs that several gateways share; `undefined` where this one is alone. */
  readonly replayGuard: ReplayGuard | undefined;
}

/** Everything a gateway is made of; nothing here is optional, so that nothing is skipped by omission. */
export interface GatewayParts {
  readonly clock: Clock;
  readonly supergraphFile: string;
  readonly places: ReadonlyMap<string, SubgraphPlace>;
  readonly intakes: readonly FeedIntake[];
  readonly ledger: ConsentLedger;
  readonly log: InquiryLog;
  readonly rulebook: Rulebook;
  readonly tokens: {
    readonly issuer: string;
    readonly audience: string;
    readonly algorithms: readonly TokenAlgorithm[];
    readonly keys: KeySource;
    readonly clockToleranceSeconds: number;
  };
  readonly possession: Possession;
  readonly permitKey: Key;
  readonly budgets: Budgets;
  /** Keys whose public halves are published for merchants and banks. */
  readonly publishedKeys: readonly Key[];
  readonly limits?: OperationLimits;
  readonly introspection: boolean;
  readonly subgraphTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly arrivalTimeoutMs: number;
  readonly connectionsMax: number;
  readonly ready: () => Promise<void>;
  readonly onError: (error: unknown, requestId: string) => void;
  /** Puts further routes beside the gateway's own: those of the authorization server of this house. */
  readonly mount?: (app: FastifyInstance) => Promise<void>;
}

/** A gateway that does not listen yet. */
export interface Gateway {
  readonly app: FastifyInstance;
  readonly federation: Federation;
  /** Lets requests in flight finish, then closes connections to subgraphs. */
  close(): Promise<void>;
}

/**
 * Builds a gateway from its parts.
 * @throws Error when the supergraph is unsafe to serve, has a list without a size, or a subgraph of it has no place
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const supergraph = readSupergraph(await readFile(parts.supergraphFile, "utf8"));
  const transports = openTransports(parts, supergraph.subgraphs);
  const signPermit = createSignPermit(await createSigner(parts.permitKey), PERMIT_ISSUER, parts.clock);
  const gate = new RepresentationGate(supergraph.policies);
  const echo = new Echo();
  const federation = startFederation(supergraph, (name) => {
    const transport = transports.send.get(name);
    if (transport === undefined) throw new Error(`subgraph ${name} has no place`);
    return new SubgraphSource({ name, transport, signPermit, gate, echo });
  });
  const { ledger, log, rulebook, clock, onError } = parts;
  const inquire = createInquire({
    federation,
    log,
    ledger,
    rulebook,
    clock,
    onError,
    index: supergraph.policies,
    introspection: parts.introspection,
    inquiryBudget: parts.budgets,
    billing: { budgets: parts.budgets, costs: readCosts(federation.apiSchema) },
  });
  const apollo = createApollo({ federation, inquire, introspection: parts.introspection });
  await apollo.start();
  const app = await createServer({
    apollo,
    receive: createReceive(parts.limits ?? OPERATION_LIMITS),
    readFacts: createReadFacts({
      publicUrl: parts.possession.publicUrl,
      terminators: networkList(parts.possession.tlsTerminators),
    }),
    authenticate: authenticateOf(parts),
    standing: createStanding({ ledger, clock }),
    intakes: parts.intakes,
    budgets: parts.budgets,
    clock,
    keys: publicKeySet(parts.publishedKeys),
    permitKeys: publicKeySet([parts.permitKey]),
    ready: parts.ready,
    onError,
    requestTimeoutMs: parts.requestTimeoutMs,
    arrivalTimeoutMs: parts.arrivalTimeoutMs,
    connectionsMax: parts.connectionsMax,
  });
  await parts.mount?.(app);
  return {
    app,
    federation,
    close: async () => {
      await app.close();
      await apollo.stop();
      await transports.close();
    },
  };
}

function authenticateOf(parts: GatewayParts): ReturnType<typeof createAuthenticate> {
  const { tokens, possession, clock } = parts;
  return createAuthenticate({
    verify: accessTokenVerifier(parts),
    clock,
    boundParties: new Set(possession.boundParties),
    proofAgeMaxSeconds: Math.floor(possession.proofAgeMs / 1_000),
    proofAheadMaxSeconds: Math.floor(possession.proofAheadMs / 1_000),
    clockSkewSeconds: tokens.clockToleranceSeconds,
    replayGuard: possession.replayGuard,
  });
}

function accessTokenVerifier({ tokens, clock, onError }: GatewayParts): ReturnType<typeof createVerifier> {
  return createVerifier({
    ...tokens,
    // RFC 9068 section 4 knows two spellings.
    typ: ["at+jwt", "application/at+jwt"],
    requiredClaims: ["sub", "client_id", "scope", "party"],
    lifetimeMaxSeconds: ACCESS_TOKEN_LIFETIME_SECONDS_MAX,
    charactersMax: TOKEN_CHARACTERS_MAX,
    now: () => clock.now(),
    onKeyProblem: (problem) => onError(new Error(`keys of the token issuer: ${problem}`), "token-keys"),
  });
}

function openTransports(
  parts: GatewayParts,
  names: readonly string[],
): { readonly send: ReadonlyMap<string, Transport>; readonly close: () => Promise<void> } {
  const limits = { timeoutMs: parts.subgraphTimeoutMs, answerBytesMax: 16 * 1024 * 1024 };
  const send = new Map<string, Transport>();
  const closers: (() => Promise<void>)[] = [];
  for (const name of names) {
    const place = parts.places.get(name);
    if (place === undefined) throw new Error(`subgraph ${name} has no place`);
    if ("subgraph" in place) {
      send.set(
        name,
        inProcess((request) => place.subgraph.execute(request), limits),
      );
      continue;
    }
    const remote = overHttp(place.url, limits);
    send.set(name, remote.send);
    closers.push(remote.close);
  }
  return { send, close: async () => void (await Promise.all(closers.map((close) => close()))) };
}
