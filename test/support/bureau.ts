import type { BudgetLimits } from "../../gateway/receive/budget-settings.js";
import { createBudgets } from "../../gateway/receive/budgets.js";
import { createTestIssuer, type TokenRequest } from "../../scripts/demo/test-issuer.js";
import { type Gateway, PERMIT_ISSUER } from "../../gateway/process/create-gateway.js";
import {
  type Bureau,
  type BureauKeys,
  type BureauOptions,
  type BureauSeams,
  openBureau,
} from "../../gateway/process/open-bureau.js";
import { type Clock, systemClock } from "../../foundation/clock.js";
import type { DatabaseRoles } from "../../foundation/postgres/prepare-database.js";
import { createSigner, generateSigningKey, type Key, publicKeySet } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";
import { createSubgraphServer } from "../../subgraphs/host/http.js";
import { createPermitVerifier } from "../../subgraphs/host/permit.js";
import { SUBGRAPHS } from "../../subgraphs/index.js";
import { createTestDatabase, type TestDatabase } from "./database.js";
import { growDocuments, wayIn } from "./doors.js";
import { makeProofKey, type ProofKey, PUBLIC_URL, rememberKey, sendWithToken } from "./proofs.js";

export const ISSUER = "https://issuer.test";
export const AUDIENCE = "https://xinqiao.test";

/** A bureau's keys, and the key of the issuer that tests make tokens with. */
export interface TestKeys extends BureauKeys {
  readonly issuer: Key;
}

export interface TestBureau extends Bureau {
  readonly clock: Clock;
  readonly keys: TestKeys;
  /** The owner's address of its database; the bureau itself runs as another role. */
  readonly connectionString: string;
  readonly errors: unknown[];
  /** SQL texts sent by in-process resolvers since the last reset. */
  readonly statements: string[];
  /** The key that tokens of banks are bound to. */
  readonly proofKey: ProofKey;
  /** Banks' tokens are bound to a key; requests through this harness bring its proofs by themselves. */
  token(request: TokenRequest): Promise<string>;
  graphql(
    token: string | undefined,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphQLReply>;
  publish(platform: string, kind: string, records: readonly object[], key?: string): Promise<FeedReply>;
}

export interface GraphQLReply {
  readonly status: number;
  // Tests look into answers freely; a wrong path is a failing test.
  readonly data: any;
  readonly errors: readonly {
    message: string;
    path?: (string | number)[];
    extensions: Record<string, any>;
  }[];
  readonly extensions: Record<string, any>;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface FeedReply {
  readonly status: number;
  readonly body: any;
}

export interface TestBureauOptions {
  readonly mode?: "in-process" | "http";
  readonly clock?: Clock;
  readonly introspection?: boolean;
  readonly settings?: Partial<BureauOptions>;
  readonly possession?: Partial<BureauOptions["possession"]>;
  readonly seams?: BureauSeams;
  /** Keys of another bureau, so that several gateways trust the same tokens. */
  readonly keys?: TestKeys;
  /** A database of the test's own making; `drop` is called at the end. */
  readonly database?: TestDatabase;
}

/** A whole bureau on a database of its own: the real path, the real store, no network beyond 127.0.0.1. */
export async function startTestBureau(options: TestBureauOptions = {}): Promise<TestBureau> {
  const database = options.database ?? (await createTestDatabase());
  const clock = options.clock ?? systemClock;
  const statements: string[] = [];
  const errors: unknown[] = [];
  const keys = options.keys ?? (await makeTestKeys());
  const documents = growDocuments();
  const remote = options.mode === "http" ? await serveSubgraphs(database, keys, clock) : undefined;
  const bureau = await openBureau(
    {
      ...SETTINGS,
      ...rolesOf(database),
      clock,
      keys,
      tokens: trustIn(keys),
      subgraphUrls: remote?.urls ?? new Map(),
      introspection: options.introspection ?? false,
      trust: { sources: [], requiredOf: [] },
      budgets: createBudgets({ redis: undefined, clock, limits: AMPLE_BUDGETS }),
      onError: (error) => void (isNonceAsked(error) || errors.push(error)),
      onStatement: (text) => statements.push(text),
      possession: { ...SETTINGS.possession, ...options.possession },
      ...options.settings,
    },
    { documents: documents.seam, ...options.seams },
  );
  documents.open(bureau.gateway, options.introspection ?? false);
  await bureau.gateway.app.ready();
  const proofKey = await makeProofKey();
  const token = await tokenMaker({ keys, clock, proofKey });
  return {
    ...bureau,
    clock,
    keys,
    errors,
    statements,
    connectionString: database.connectionString,
    proofKey,
    token,
    graphql: (token, query, variables) =>
      ask(bureau.gateway, token, { query, ...(variables === undefined ? {} : { variables }) }),
    publish: async (platform, kind, records, key) =>
      publishFeed(bureau.gateway, await token({ party: "platform", id: platform }), {
        path: `/feeds/${kind}`,
        key: key ?? `${kind}-${crypto.randomUUID()}`,
        records,
      }),
    close: async () => {
      await bureau.close();
      await remote?.close();
      await database.drop();
    },
  };
}

/** Being asked for a nonce is how proofs begin, and nothing that went wrong. */
function isNonceAsked(error: unknown): boolean {
  return error instanceof BureauError && error.code === "DPOP_NONCE_REQUIRED";
}

async function tokenMaker(parts: {
  readonly keys: TestKeys;
  readonly clock: Clock;
  readonly proofKey: ProofKey;
}): Promise<TestBureau["token"]> {
  const { keys, clock, proofKey } = parts;
  const signer = await createSigner(keys.issuer);
  const issue = createTestIssuer({ signer, issuer: ISSUER, audience: AUDIENCE, clock });
  return async (request) => {
    if (request.party !== "bank" || request.jkt !== undefined) return issue(request);
    const token = await issue({ ...request, jkt: proofKey.jkt });
    rememberKey(token, proofKey, clock);
    return token;
  };
}

/** A bureau under test runs as the role that owns nothing, like one in production. */
export function rolesOf({ connectionString, applicationConnectionString }: TestDatabase): DatabaseRoles {
  return applicationConnectionString === undefined
    ? { connectionString }
    : { connectionString: applicationConnectionString, ownerConnectionString: connectionString };
}

function trustIn(keys: TestKeys): BureauOptions["tokens"] {
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["EdDSA"],
    keys: { kind: "local", keys: publicKeySet([keys.issuer]) },
    clockToleranceSeconds: 5,
  };
}

/** More than any test spends that is not about budgets. */
export const AMPLE_BUDGETS: BudgetLimits = {
  budgetRequests: 1_000_000,
  budgetCost: 1_000_000_000,
  operationCostMax: 500_000,
  budgetInquiries: 1_000_000,
  budgetFeeds: 1_000_000,
  budgetLocalPercent: 50,
};

const SETTINGS = {
  possession: {
    publicUrl: PUBLIC_URL,
    boundParties: ["bank"],
    tlsTerminators: [],
    proofAgeMs: 60_000,
    proofAheadMs: 5_000,
    replayGuard: undefined,
  },
  ledgerTimeoutMs: 5_000,
  recordTimeoutMs: 5_000,
  subgraphTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  arrivalTimeoutMs: 10_000,
  connectionsMax: 1_000,
  poolMax: 4,
  statementTimeoutMs: 20_000,
} as const;

/** Keys of a bureau that is not started yet. */
export async function makeTestKeys(): Promise<TestKeys> {
  const [issuer, permit, artefact] = await Promise.all([
    generateSigningKey(),
    generateSigningKey(),
    generateSigningKey(),
  ]);
  return { issuer, permit, artefact, pseudonym: "a key for tests, longer than thirty-two bytes" };
}

/** Every subgraph as an HTTP server of its own, with pools of its own. */
async function serveSubgraphs(database: TestDatabase, keys: BureauKeys, clock: Clock) {
  const verifyPermit = createPermitVerifier({
    issuer: PERMIT_ISSUER,
    keys: { kind: "local", keys: publicKeySet([keys.permit]) },
    algorithms: ["EdDSA"],
    clock,
  });
  const signer = await createSigner(keys.artefact);
  const postgres = database.open({ as: "application" });
  const deps = {
    postgres,
    clock,
    verifyPermit,
    signArtefact: (payload: object) => signer.sign("consent+jwt", { ...payload }),
  };
  const urls = new Map<string, URL>();
  const servers = await Promise.all(
    Object.entries(SUBGRAPHS).map(async ([name, { create }]) => {
      const server = createSubgraphServer(await create(deps));
      urls.set(name, new URL(`${await server.listen({ host: "127.0.0.1", port: 0 })}/graphql`));
      return server;
    }),
  );
  return { urls, close: async () => void (await Promise.all(servers.map((server) => server.close()))) };
}

async function publishFeed(
  gateway: Gateway,
  token: string,
  batch: { readonly path: string; readonly key: string; readonly records: readonly object[] },
): Promise<FeedReply> {
  const { path, key, records } = batch;
  const reply = await sendWithToken(gateway, { token, method: "POST", path }, (headers) =>
    gateway.app.inject({
      method: "POST",
      url: path,
      headers: { ...headers, "content-type": "application/x-ndjson", "idempotency-key": key },
      payload: records.map((record) => JSON.stringify(record)).join("\n"),
    }),
  );
  return { status: reply.statusCode, body: reply.json() };
}

/** One GraphQL request, by the door of this run. */
export async function ask(
  gateway: Gateway,
  token: string | undefined,
  request: object,
): Promise<GraphQLReply> {
  const { path, body } = wayIn(gateway, request);
  const send = (headers: Record<string, string>) =>
    gateway.app.inject({
      method: "POST",
      url: path,
      headers: { "content-type": "application/json", ...headers },
      payload: JSON.stringify(body),
    });
  const reply =
    token === undefined
      ? await send({})
      : await sendWithToken(gateway, { token, method: "POST", path }, send);
  const json = reply.json();
  return {
    status: reply.statusCode,
    data: json.data,
    errors: json.errors ?? [],
    extensions: json.extensions ?? {},
    headers: reply.headers,
  };
}
