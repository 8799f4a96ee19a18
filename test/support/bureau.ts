import { createRequestBudget } from "../../gateway/receive/request-budget.js";
import { createDevelopmentIssuer, type TokenRequest } from "../../gateway/process/development-issuer.js";
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
import { createSigner, generateSigningKey, publicKeySet } from "../../foundation/tokens.js";
import { createSubgraphServer } from "../../subgraphs/host/http.js";
import { createPermitVerifier } from "../../subgraphs/host/permit.js";
import { SUBGRAPHS } from "../../subgraphs/index.js";
import { createTestDatabase, type TestDatabase } from "./database.js";

export const ISSUER = "https://issuer.test";
export const AUDIENCE = "https://xinqiao.test";

export interface TestBureau extends Bureau {
  readonly clock: Clock;
  readonly keys: BureauKeys;
  /** The owner's address of its database; the bureau itself runs as another role. */
  readonly connectionString: string;
  readonly errors: unknown[];
  /** SQL texts sent by in-process resolvers since the last reset. */
  readonly statements: string[];
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
  readonly seams?: BureauSeams;
  /** A database of the test's own making; `drop` is called at the end. */
  readonly database?: TestDatabase;
}

/** A whole bureau on a database of its own: the real path, the real store, no network beyond 127.0.0.1. */
export async function startTestBureau(options: TestBureauOptions = {}): Promise<TestBureau> {
  const database = options.database ?? (await createTestDatabase());
  const clock = options.clock ?? systemClock;
  const statements: string[] = [];
  const errors: unknown[] = [];
  const keys = await testKeys();
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
      budget: await createRequestBudget({ redisUrl: undefined, requestsPerMinute: 1_000_000 }),
      onError: (error) => errors.push(error),
      onStatement: (text) => statements.push(text),
      ...options.settings,
    },
    options.seams,
  );
  await bureau.gateway.app.ready();
  const issue = createDevelopmentIssuer({
    signer: await createSigner(keys.issuer),
    issuer: ISSUER,
    audience: AUDIENCE,
    clock,
  });
  return {
    ...bureau,
    clock,
    keys,
    errors,
    statements,
    connectionString: database.connectionString,
    token: issue,
    graphql: (token, query, variables) =>
      ask(bureau.gateway, token, { query, ...(variables === undefined ? {} : { variables }) }),
    publish: async (platform, kind, records, key) => {
      const reply = await bureau.gateway.app.inject({
        method: "POST",
        url: `/feeds/${kind}`,
        headers: {
          authorization: `Bearer ${await issue({ party: "platform", id: platform })}`,
          "content-type": "application/x-ndjson",
          "idempotency-key": key ?? `${kind}-${crypto.randomUUID()}`,
        },
        payload: records.map((record) => JSON.stringify(record)).join("\n"),
      });
      return { status: reply.statusCode, body: reply.json() };
    },
    close: async () => {
      await bureau.close();
      await remote?.close();
      await database.drop();
    },
  };
}

/** A bureau under test runs as the role that owns nothing, like one in production. */
function rolesOf({ connectionString, applicationConnectionString }: TestDatabase): DatabaseRoles {
  return applicationConnectionString === undefined
    ? { connectionString }
    : { connectionString: applicationConnectionString, ownerConnectionString: connectionString };
}

function trustIn(keys: BureauKeys): BureauOptions["tokens"] {
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["EdDSA"],
    keys: { kind: "local", keys: publicKeySet([keys.issuer]) },
    clockToleranceSeconds: 5,
  };
}

const SETTINGS = {
  ledgerTimeoutMs: 5_000,
  recordTimeoutMs: 5_000,
  subgraphTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  poolMax: 4,
  statementTimeoutMs: 20_000,
} as const;

async function testKeys(): Promise<BureauKeys> {
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

/** One GraphQL request through the front door. */
export async function ask(gateway: Gateway, token: string | undefined, body: object): Promise<GraphQLReply> {
  const reply = await gateway.app.inject({
    method: "POST",
    url: "/graphql",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    payload: JSON.stringify(body),
  });
  const json = reply.json();
  return {
    status: reply.statusCode,
    data: json.data,
    errors: json.errors ?? [],
    extensions: json.extensions ?? {},
    headers: reply.headers,
  };
}
