import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { systemClock } from "../../foundation/clock.js";
import { openDatabase } from "../../foundation/postgres/open-database.js";
import type { DatabaseRoles } from "../../foundation/postgres/prepare-database.js";
import { createSigner, generateSigningKey, type Key, publicKeySet } from "../../foundation/tokens.js";
import { BUDGET_DEFAULTS } from "../../gateway/receive/budget-settings.js";
import { createBudgets } from "../../gateway/receive/budgets.js";
import {
  type BureauKeys,
  type BureauOptions,
  loadKeys,
  openBureau,
} from "../../gateway/process/open-bureau.js";
import { createBoundClient, postAsBearer } from "./bound-client.js";
import { createTestIssuer, type TokenRequest } from "./test-issuer.js";

const ISSUER = "https://issuer.demo.invalid";
const AUDIENCE = "https://xinqiao.demo.invalid";

/** A whole bureau for one telling: real store, real HTTP on 127.0.0.1, gone afterwards. */
export interface Stage {
  readonly url: string;
  token(request: TokenRequest): Promise<string>;
  graphql(token: string, query: string, variables?: object): Promise<GraphQLReply>;
  publish(token: string, kind: string, key: string, records: readonly object[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface GraphQLReply {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly object[];
  readonly extensions?: Record<string, unknown>;
}

/** Starts everything in a temporary folder. */
export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-demo-"));
  const database = await openDatabase({ dataDirectory: path.join(folder, "postgres") });
  const keys = await loadKeys(path.join(folder, "keys"));
  const issuerKey = await generateSigningKey();
  const bureau = await openBureau(await settingsOf(database, keys, issuerKey));
  const url = await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 });
  const issue = createTestIssuer({
    signer: await createSigner(issuerKey),
    issuer: ISSUER,
    audience: AUDIENCE,
    clock: systemClock,
  });
  const { token, send } = await openClients(url, issue);
  return {
    url,
    token,
    graphql: async (bearer, query, variables = {}) =>
      (await send(
        "/graphql",
        bearer,
        { "content-type": "application/json" },
        JSON.stringify({ query, variables }),
      )) as GraphQLReply,
    publish: (bearer, kind, key, records) =>
      send(
        `/feeds/${kind}`,
        bearer,
        { "content-type": "application/x-ndjson", "idempotency-key": key },
        records.map((record) => JSON.stringify(record)).join("\n"),
      ),
    close: async () => {
      await bureau.close();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Banks bring a proof of their key with each request; the others come as bearers. */
async function openClients(url: string, issue: Stage["token"]) {
  const bank = await createBoundClient(await generateSigningKey("ES256"));
  const bound = new Set<string>();
  const token = async (request: TokenRequest): Promise<string> => {
    if (request.party !== "bank") return issue(request);
    const made = await issue({ ...request, jkt: bank.jkt });
    bound.add(made);
    return made;
  };
  const send = async (
    address: string,
    bearer: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<unknown> => {
    const request = { url: `${url}${address}`, token: bearer, headers, body };
    const response = await (bound.has(bearer) ? bank.post(request) : postAsBearer(request));
    return response.json();
  };
  return { token, send };
}

async function settingsOf(database: DatabaseRoles, keys: BureauKeys, issuerKey: Key): Promise<BureauOptions> {
  return {
    ...database,
    clock: systemClock,
    keys,
    tokens: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["EdDSA"],
      keys: { kind: "local", keys: publicKeySet([issuerKey]) },
      clockToleranceSeconds: 5,
    },
    possession: {
      publicUrl: undefined,
      boundParties: ["bank"],
      tlsTerminators: [],
      proofAgeMs: 60_000,
      proofAheadMs: 5_000,
      replayGuard: undefined,
    },
    subgraphUrls: new Map(),
    introspection: false,
    trust: { sources: [], requiredOf: [] },
    budgets: createBudgets({ redis: undefined, clock: systemClock, limits: BUDGET_DEFAULTS }),
    ledgerTimeoutMs: 5_000,
    recordTimeoutMs: 5_000,
    subgraphTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
    arrivalTimeoutMs: 10_000,
    connectionsMax: 1_000,
    poolMax: 4,
    statementTimeoutMs: 10_000,
    onError: () => {},
  };
}
