import {
  boolean,
  connectionString,
  durationMs,
  integer,
  list,
  oneOf,
  path,
  type Parser,
  string,
  url,
} from "../foundation/config/parsers.js";
import { network } from "../foundation/config/network.js";
import { optional, optionalSecret, type Values, withDefault } from "../foundation/config.js";
import { REDIS_SETTINGS, redisRelations } from "../foundation/redis/place.js";
import { LOG_LEVELS } from "../foundation/log.js";
import { TOKEN_ALGORITHMS } from "../foundation/tokens.js";
import { PARTIES } from "../schema/parties.js";
import { PLANNER_KINDS } from "./plan/load-planner.js";
import { BUDGET_SETTINGS, budgetRelations } from "./receive/budget-settings.js";
import { DOCUMENT_SETTINGS, documentRelations } from "./receive/documents/document-settings.js";

/** `name=address` of a subgraph that runs elsewhere. */
const subgraphUrl: Parser<readonly [string, URL]> = {
  expects: "name=http(s)://...",
  parse: (text) => {
    const [, name, address] = /^([a-z]+)=(https?:\/\/.+)$/.exec(text) ?? [];
    return name === undefined || address === undefined || !URL.canParse(address)
      ? undefined
      : [name, new URL(address)];
  },
  format: ([name, address]) => `${name}=${address.href}`,
};

/** The address that clients call: no query or fragment, and no slash at its end. */
const publicAddress: Parser<string> = {
  expects: "an address that starts with https:// or http://, without query and fragment",
  parse: (text) => {
    const address = url().parse(text);
    return address === undefined || /[?#]/.test(address) ? undefined : address.replace(/\/+$/, "");
  },
};

/** The gateway's settings. */
export const GATEWAY_SETTINGS = {
  host: withDefault({
    env: "XINQIAO_HOST",
    doc: "Address to listen on.",
    parse: string(255),
    default: "127.0.0.1",
  }),
  port: withDefault({
    env: "XINQIAO_PORT",
    doc: "TCP port to listen on; 0 takes a free one.",
    parse: integer(0, 65_535),
    default: 4_000,
  }),
  dataFolder: withDefault({
    env: "XINQIAO_DATA_FOLDER",
    doc: "Folder of the embedded database and of generated keys.",
    parse: path(),
    default: ".xinqiao",
  }),
  databaseUrl: optionalSecret({
    env: "XINQIAO_DATABASE_URL",
    doc: "PostgreSQL 15 or newer of your own; absent starts the embedded one.",
    parse: connectionString(["postgres", "postgresql"]),
  }),
  databaseOwnerUrl: optionalSecret({
    env: "XINQIAO_DATABASE_OWNER_URL",
    doc: "Login of the role that owns the tables and migrates them; the other role then uses them only.",
    parse: connectionString(["postgres", "postgresql"]),
  }),
  poolMax: withDefault({
    env: "XINQIAO_POOL_MAX",
    doc: "Database connections for reading profiles.",
    parse: integer(1, 200),
    default: 8,
  }),
  statementTimeoutMs: withDefault({
    env: "XINQIAO_STATEMENT_TIMEOUT",
    doc: "Longest reading statement.",
    parse: durationMs(100, 120_000),
    default: 10_000,
  }),
  tokenIssuer: optional({
    env: "XINQIAO_TOKEN_ISSUER",
    doc: "Issuer of access tokens of the operator's own; absent runs the authorization server of this house.",
    parse: string(500),
  }),
  tokenAudience: optional({
    env: "XINQIAO_TOKEN_AUDIENCE",
    doc: "Audience that access tokens must name.",
    parse: string(500),
  }),
  tokenAlgorithms: optional({
    env: "XINQIAO_TOKEN_ALGORITHMS",
    doc: "Signature algorithms accepted from the issuer.",
    parse: list(oneOf(TOKEN_ALGORITHMS)),
  }),
  tokenJwksUrl: optional({
    env: "XINQIAO_TOKEN_JWKS_URL",
    doc: "Address of the issuer's key set.",
    parse: url(),
  }),
  jwksCacheMs: withDefault({
    env: "XINQIAO_JWKS_CACHE",
    doc: "How long a fetched key set is kept.",
    parse: durationMs(1_000, 86_400_000),
    default: 600_000,
  }),
  jwksCooldownMs: withDefault({
    env: "XINQIAO_JWKS_COOLDOWN",
    doc: "Least time between two fetches for unknown keys.",
    parse: durationMs(1_000, 3_600_000),
    default: 30_000,
  }),
  accessTokenMs: withDefault({
    env: "XINQIAO_ACCESS_TOKEN_LIFE",
    doc: "Life of the access tokens of this house's authorization server.",
    parse: durationMs(60_000, 900_000),
    default: 300_000,
  }),
  signingKeyAheadMs: withDefault({
    env: "XINQIAO_SIGNING_KEY_AHEAD",
    doc: "How long a new signing key is published before it signs; at least as long as verifiers keep a key set.",
    parse: durationMs(0, 604_800_000),
    default: 900_000,
  }),
  clockSkewSeconds: withDefault({
    env: "XINQIAO_CLOCK_SKEW_SECONDS",
    doc: "Clock difference tolerated in tokens, in seconds.",
    parse: integer(0, 60),
    default: 10,
  }),
  publicUrl: optional({
    env: "XINQIAO_PUBLIC_URL",
    doc: "Address that clients call, as DPoP proofs name it and tokens are for; absent takes the address that is listened on.",
    parse: publicAddress,
  }),
  boundParties: withDefault({
    env: "XINQIAO_BOUND_PARTIES",
    doc: "Parties whose access tokens must be bound to a key or certificate of the client.",
    parse: list(oneOf(PARTIES)),
    default: ["bank"],
  }),
  tlsTerminators: withDefault({
    env: "XINQIAO_TLS_TERMINATORS",
    doc: "Peers whose Client-Cert header is believed; from all others it is ignored.",
    parse: list(network(), 100),
    default: [],
  }),
  proofAgeMs: withDefault({
    env: "XINQIAO_PROOF_AGE",
    doc: "How old a DPoP proof may be.",
    parse: durationMs(1_000, 300_000),
    default: 60_000,
  }),
  proofAheadMs: withDefault({
    env: "XINQIAO_PROOF_AHEAD",
    doc: "How far the clock of a DPoP proof may be ahead.",
    parse: durationMs(0, 60_000),
    default: 5_000,
  }),
  introspection: withDefault({
    env: "XINQIAO_INTROSPECTION",
    doc: "Answers introspection and suggests names.",
    parse: boolean(),
    default: false,
  }),
  subgraphUrls: withDefault({
    env: "XINQIAO_SUBGRAPH_URLS",
    doc: "Subgraphs that run elsewhere; all others run in this process.",
    parse: list(subgraphUrl, 20),
    default: [],
  }),
  subgraphTimeoutMs: withDefault({
    env: "XINQIAO_SUBGRAPH_TIMEOUT",
    doc: "Longest request to one subgraph.",
    parse: durationMs(50, 60_000),
    default: 5_000,
  }),
  ledgerTimeoutMs: withDefault({
    env: "XINQIAO_LEDGER_TIMEOUT",
    doc: "Longest consent check; then CONSENT_UNKNOWN.",
    parse: durationMs(20, 10_000),
    default: 250,
  }),
  recordTimeoutMs: withDefault({
    env: "XINQIAO_RECORD_TIMEOUT",
    doc: "Longest wait for the record; then INQUIRY_NOT_RECORDED.",
    parse: durationMs(20, 30_000),
    default: 2_000,
  }),
  requestTimeoutMs: withDefault({
    env: "XINQIAO_REQUEST_TIMEOUT",
    doc: "A connection that is silent for longer is closed.",
    parse: durationMs(1_000, 600_000),
    default: 60_000,
  }),
  arrivalTimeoutMs: withDefault({
    env: "XINQIAO_ARRIVAL_TIMEOUT",
    doc: "Longest wait for the headers of any request, and for the whole of a GraphQL request.",
    parse: durationMs(100, 600_000),
    default: 10_000,
  }),
  connectionsMax: withDefault({
    env: "XINQIAO_CONNECTIONS_MAX",
    doc: "Connections held at a time; more are closed at once.",
    parse: integer(1, 1_000_000),
    default: 10_000,
  }),
  drainTimeoutMs: withDefault({
    env: "XINQIAO_DRAIN_TIMEOUT",
    doc: "How long a stop waits for requests in flight.",
    parse: durationMs(0, 600_000),
    default: 10_000,
  }),
  seedMarket: withDefault({
    env: "XINQIAO_SEED_MARKET",
    doc: "Fills an empty embedded database with a synthetic market.",
    parse: boolean(),
    default: true,
  }),
  supergraphFile: optional({
    env: "XINQIAO_SUPERGRAPH_FILE",
    doc: "The composed supergraph; absent takes the one of this release. SIGHUP reads it again.",
    parse: path(),
  }),
  supergraphWatch: withDefault({
    env: "XINQIAO_SUPERGRAPH_WATCH",
    doc: "Reads the supergraph again whenever its file changes.",
    parse: boolean(),
    default: true,
  }),
  planner: withDefault({
    env: "XINQIAO_PLANNER",
    doc: "Plans operations; apollo must be installed first (docs/engine.md).",
    parse: oneOf(PLANNER_KINDS),
    default: "native",
  }),
  seedOrders: withDefault({
    env: "XINQIAO_SEED_ORDERS",
    doc: "Orders of the synthetic market, about.",
    parse: integer(1_000, 1_000_000),
    default: 30_000,
  }),
  logLevel: withDefault({
    env: "XINQIAO_LOG_LEVEL",
    doc: "Least level that is logged.",
    parse: oneOf(LOG_LEVELS),
    default: "info",
  }),
  ...REDIS_SETTINGS,
  ...BUDGET_SETTINGS,
  ...DOCUMENT_SETTINGS,
};

export type GatewaySettings = Values<typeof GATEWAY_SETTINGS>;

/** What must hold between settings; one sentence for each that does not. */
export function gatewayRelations(values: GatewaySettings): string[] {
  const problems: string[] = [];
  const foreign = {
    XINQIAO_TOKEN_ISSUER: values.tokenIssuer,
    XINQIAO_TOKEN_AUDIENCE: values.tokenAudience,
    XINQIAO_TOKEN_ALGORITHMS: values.tokenAlgorithms,
    XINQIAO_TOKEN_JWKS_URL: values.tokenJwksUrl,
  };
  const given = Object.values(foreign).filter((value) => value !== undefined).length;
  if (given === 0) problems.push(...ownIssuerProblems(values));
  else
    for (const [env, value] of Object.entries(foreign))
      if (value === undefined) problems.push(`${env} is required when another issuer is configured`);
  if (values.databaseOwnerUrl !== undefined && values.databaseUrl === undefined)
    problems.push(
      "XINQIAO_DATABASE_OWNER_URL needs XINQIAO_DATABASE_URL, the login of the application's role",
    );
  if (values.subgraphTimeoutMs >= values.requestTimeoutMs)
    problems.push("XINQIAO_SUBGRAPH_TIMEOUT must be below XINQIAO_REQUEST_TIMEOUT");
  if (values.recordTimeoutMs >= values.requestTimeoutMs)
    problems.push("XINQIAO_RECORD_TIMEOUT must be below XINQIAO_REQUEST_TIMEOUT");
  problems.push(...redisRelations(values), ...budgetRelations(values), ...documentRelations(values));
  return problems;
}

/** Whoever signs in must know where: the issuer's address is the bureau's, and passwords travel to it. */
function ownIssuerProblems({ publicUrl, host }: GatewaySettings): string[] {
  const address = URL.parse(publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}`);
  if (address === null)
    return ["XINQIAO_PUBLIC_URL is required: XINQIAO_HOST is no address that clients could call"];
  if (address.protocol === "https:" || /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(address.hostname))
    return [];
  return [
    publicUrl === undefined
      ? "XINQIAO_PUBLIC_URL is required, and must be https, when XINQIAO_HOST is not this machine alone"
      : "XINQIAO_PUBLIC_URL must be https unless it is this machine itself: people sign in there",
  ];
}
