import { resolve } from "node:path";
import { createGateway, type Gateway, PERMIT_ISSUER, type SubgraphPlace } from "../../gateway/bureau.js";
import { createDevelopmentIssuer, type TokenRequest } from "../../gateway/development-issuer.js";
import { type Clock, systemClock } from "../../foundation/clock.js";
import { openPostgres, type Postgres } from "../../foundation/postgres.js";
import { createSigner, generateSigningKey, publicKeySet } from "../../foundation/tokens.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import type { ConsentLedger, InquiryLog } from "../../schema/ports.js";
import { createConsentLedger } from "../../subgraphs/consents/index.js";
import { createPermitVerifier } from "../../subgraphs/host/permit.js";
import { createSubgraphServer } from "../../subgraphs/host/http.js";
import { migrateAll, SUBGRAPHS } from "../../subgraphs/index.js";
import { createInquiryLog } from "../../subgraphs/inquiries/index.js";
import { createAccountDirectory, createMerchantsIntake } from "../../subgraphs/merchants/index.js";
import { createSignalsIntake } from "../../subgraphs/signals/index.js";
import { createTransactionsIntake } from "../../subgraphs/transactions/index.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { createTestDatabase } from "./database.js";

export const ISSUER = "https://issuer.test";
export const AUDIENCE = "https://xinqiao.test";

export interface TestBureau {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly subgraphs: readonly Subgraph[];
  readonly postgres: Postgres;
  readonly connectionString: string;
  readonly errors: unknown[];
  /** SQL texts sent by subgraph resolvers since the last reset. */
  readonly statements: string[];
  token(request: TokenRequest): Promise<string>;
  graphql(token: string | undefined, query: string, variables?: Record<string, unknown>): Promise<GraphQLReply>;
  publish(platform: string, kind: string, records: readonly object[], key?: string): Promise<FeedReply>;
  close(): Promise<void>;
}

export interface GraphQLReply {
  readonly status: number;
  // Tests look into answers freely; a wrong path is a failing test.
  readonly data: any; // oxlint-disable-line no-explicit-any
  readonly errors: readonly { message: string; path?: (string | number)[]; extensions: Record<string, any> }[]; // oxlint-disable-line no-explicit-any
  readonly extensions: Record<string, any>; // oxlint-disable-line no-explicit-any
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface FeedReply {
  readonly status: number;
  readonly body: any; // oxlint-disable-line no-explicit-any
}

export interface BureauOptions {
  readonly mode?: "in-process" | "http";
  readonly clock?: Clock;
  readonly introspection?: boolean;
  readonly wrapLog?: (log: InquiryLog) => InquiryLog;
  readonly wrapLedger?: (ledger: ConsentLedger) => ConsentLedger;
  readonly wrapSubgraph?: (subgraph: Subgraph) => Subgraph;
  readonly supergraphFile?: string;
}

/** A whole bureau on a database of its own: the real path, the real store, no network beyond 127.0.0.1. */
export async function startTestBureau(options: BureauOptions = {}): Promise<TestBureau> {
  const database = await createTestDatabase();
  const clock = options.clock ?? systemClock;
  const statements: string[] = [];
  const open = (poolMax: number, onStatement?: (text: string) => void): Postgres =>
    openPostgres({ connectionString: database.connectionString, applicationName: "test", poolMax, statementTimeoutMs: 20_000, ...(onStatement === undefined ? {} : { onStatement }) });
  const postgres = open(4);
  await migrateAll(postgres);
  const reading = open(4, (text) => statements.push(text));
  const [issuerKey, permitKey, artefactKey] = await Promise.all([generateSigningKey(), generateSigningKey(), generateSigningKey()]);
  const verifyPermit = createPermitVerifier({
    issuer: PERMIT_ISSUER,
    keys: { kind: "local", keys: publicKeySet([permitKey]) },
    algorithms: ["EdDSA"],
    clock,
  });
  const artefactSigner = await createSigner(artefactKey);
  const deps = { postgres: reading, clock, verifyPermit, signArtefact: (payload: object) => artefactSigner.sign("consent+jwt", { ...payload }) };
  const wrap = options.wrapSubgraph ?? ((subgraph: Subgraph) => subgraph);
  const subgraphs = (await Promise.all(Object.values(SUBGRAPHS).map(({ create }) => create(deps)))).map(wrap);
  const { places, closePlaces } = await placeAll(subgraphs, options.mode ?? "in-process");
  const feeds = { postgres, clock, pseudonymKey: "test-pseudonym-key", directory: createAccountDirectory(postgres) };
  const errors: unknown[] = [];
  const ledger = createConsentLedger({ postgres: open(3), timeoutMs: 2_000 });
  const log = createInquiryLog({ postgres: open(2), timeoutMs: 2_000 });
  const gateway = await createGateway({
    clock,
    supergraphFile: options.supergraphFile ?? resolve(import.meta.dirname, "../../schema/generated/supergraph.graphql"),
    places,
    intakes: [createMerchantsIntake(feeds), createTransactionsIntake(feeds), createSignalsIntake(feeds)],
    ledger: options.wrapLedger?.(ledger) ?? ledger,
    log: options.wrapLog?.(log) ?? log,
    rulebook: CN_RULEBOOK,
    tokens: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["EdDSA"], keys: { kind: "local", keys: publicKeySet([issuerKey]) }, clockToleranceSeconds: 5 },
    permitKey,
    publishedKeys: [artefactKey],
    introspection: options.introspection ?? false,
    subgraphTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
    ready: async () => void (await postgres.pool.query("select 1")),
    onError: (error) => errors.push(error),
  });
  await gateway.app.ready();
  const issue = createDevelopmentIssuer({ signer: await createSigner(issuerKey), issuer: ISSUER, audience: AUDIENCE, clock });
  const publishing = new Map<string, string>();
  return {
    gateway, clock, subgraphs, postgres, errors, statements,
    connectionString: database.connectionString,
    token: issue,
    graphql: (token, query, variables) => ask(gateway, token, { query, ...(variables === undefined ? {} : { variables }) }),
    publish: async (platform, kind, records, key) => {
      const token = publishing.get(platform) ?? (await issue({ party: "platform", id: platform }));
      publishing.set(platform, token);
      const reply = await gateway.app.inject({
        method: "POST",
        url: `/feeds/${kind}`,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson", "idempotency-key": key ?? `${kind}-${crypto.randomUUID()}` },
        payload: records.map((record) => JSON.stringify(record)).join("\n"),
      });
      return { status: reply.statusCode, body: reply.json() };
    },
    close: async () => {
      await gateway.close();
      await closePlaces();
      await database.drop();
    },
  };
}

/** One GraphQL request through the front door. */
export async function ask(gateway: Gateway, token: string | undefined, body: object): Promise<GraphQLReply> {
  const reply = await gateway.app.inject({
    method: "POST",
    url: "/graphql",
    headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    payload: JSON.stringify(body),
  });
  const json = reply.json();
  return { status: reply.statusCode, data: json.data, errors: json.errors ?? [], extensions: json.extensions ?? {}, headers: reply.headers };
}

async function placeAll(subgraphs: readonly Subgraph[], mode: "in-process" | "http") {
  const places = new Map<string, SubgraphPlace>();
  if (mode === "in-process") {
    for (const subgraph of subgraphs) places.set(subgraph.name, { subgraph });
    return { places, closePlaces: async () => {} };
  }
  const servers = subgraphs.map((subgraph) => createSubgraphServer(subgraph));
  for (const [i, server] of servers.entries()) {
    const address = await server.listen({ host: "127.0.0.1", port: 0 });
    places.set(subgraphs[i]?.name ?? "", { url: new URL(`${address}/graphql`) });
  }
  return { places, closePlaces: async () => void (await Promise.all(servers.map((server) => server.close()))) };
}
