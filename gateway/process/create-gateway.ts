import type { FastifyInstance } from "fastify";
import { type Network, networkList } from "../../foundation/config/network.js";
import {
  createVerifier,
  type Key,
  type KeySource,
  publicKeySet,
  TOKEN_CHARACTERS_MAX,
  type TokenAlgorithm,
} from "../../foundation/tokens.js";
import type { Party } from "../../schema/parties.js";
import type { FeedIntake } from "../../schema/ports.js";
import { createApollo } from "../apollo.js";
import { createAuthenticate } from "../authenticate/index.js";
import type { ReplayGuard } from "../authenticate/spend-proof.js";
import { createStanding } from "../authorize/standing.js";
import { type GenerationParts, generationBuilder } from "./engine/build-generation.js";
import type { Federation } from "./engine/federation.js";
import { type Generations, openGenerations } from "./engine/generations.js";
import { openTransports } from "./engine/open-transports.js";
import type { TrustedDocuments } from "../receive/documents/trusted-documents.js";
import { createReceive } from "../receive/index.js";
import { OPERATION_LIMITS } from "../receive/limits.js";
import { createReadFacts } from "../http/request-facts.js";
import { createServer } from "./server.js";

export { PERMIT_ISSUER } from "../fetch/sign-permit.js";

const ACCESS_TOKEN_LIFETIME_SECONDS_MAX = 86_400;

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
export interface GatewayParts extends GenerationParts {
  readonly supergraphFile: string;
  readonly intakes: readonly FeedIntake[];
  readonly tokens: {
    readonly issuer: string;
    readonly audience: string;
    readonly algorithms: readonly TokenAlgorithm[];
    readonly keys: KeySource;
    readonly clockToleranceSeconds: number;
  };
  readonly possession: Possession;
  /** Keys whose public halves are published for merchants and banks. */
  readonly publishedKeys: readonly Key[];
  /** Stands between the documents and the doors; tests only. */
  readonly onDocuments?: ((documents: TrustedDocuments) => TrustedDocuments) | undefined;
  readonly subgraphTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly arrivalTimeoutMs: number;
  readonly connectionsMax: number;
  readonly ready: () => Promise<void>;
  /** Puts further routes beside the gateway's own: those of the authorization server of this house. */
  readonly mount?: (app: FastifyInstance) => Promise<void>;
}

/** A gateway that does not listen yet. */
export interface Gateway {
  readonly app: FastifyInstance;
  /** The supergraph that is served, which can be reloaded. */
  readonly generations: Generations;
  /** That of the generation that is served. */
  readonly federation: Federation;
  /** Lets requests in flight finish, then closes connections to subgraphs. */
  close(): Promise<void>;
}

/**
 * Builds a gateway from its parts.
 * @throws Error when the supergraph is unsafe to serve, has a list without a size, or a subgraph of it has no place
 * @throws ConfigError when a document cannot be trusted
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { ledger, clock, onError } = parts;
  const transports = openTransports(parts);
  const build = await generationBuilder(parts, transports.send);
  const generations = await openGenerations(parts.supergraphFile, build);
  const apollo = createApollo({ generations, introspection: parts.introspection });
  await apollo.start();
  const app = await createServer({
    apollo,
    inquireOf: generations.inquireOf,
    receive: createReceive(parts.limits ?? OPERATION_LIMITS),
    documents: parts.onDocuments?.(documentsOf(generations)) ?? documentsOf(generations),
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
    generations,
    get federation() {
      return generations.current.federation;
    },
    close: async () => {
      await app.close();
      await apollo.stop();
      await transports.close();
    },
  };
}

/** Those of the generation that is served, whichever that is. */
function documentsOf(generations: Generations): TrustedDocuments {
  return {
    find: (id, operationName) => generations.current.documents.find(id, operationName),
    get isRequiredOfAny() {
      return generations.current.documents.isRequiredOfAny;
    },
    isRequiredOf: (clientId) => generations.current.documents.isRequiredOf(clientId),
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
