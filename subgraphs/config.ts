import { connectionString, integer, path, string, url } from "../foundation/config/parsers.js";
import { optionalSecret, type Values, withDefault } from "../foundation/config.js";
import { LOG_LEVELS } from "../foundation/log.js";
import { oneOf } from "../foundation/config/parsers.js";

/** The settings of one subgraph served by itself. */
export const SUBGRAPH_SETTINGS = {
  host: withDefault({
    env: "XINQIAO_SUBGRAPH_HOST",
    doc: "Address to listen on.",
    parse: string(255),
    default: "127.0.0.1",
  }),
  port: withDefault({
    env: "XINQIAO_SUBGRAPH_PORT",
    doc: "TCP port to listen on; 0 takes a free one.",
    parse: integer(0, 65_535),
    default: 4_100,
  }),
  dataFolder: withDefault({
    env: "XINQIAO_DATA_FOLDER",
    doc: "Folder of the embedded database and of generated keys.",
    parse: path(),
    default: ".xinqiao",
  }),
  databaseUrl: optionalSecret({
    env: "XINQIAO_DATABASE_URL",
    doc: "PostgreSQL 15 or newer of your own; absent uses the embedded one of the data folder.",
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
  permitJwksUrl: withDefault({
    env: "XINQIAO_PERMIT_JWKS_URL",
    doc: "Where the gateway publishes the key of its permits.",
    parse: url(),
    default: "http://127.0.0.1:4000/.well-known/permit-jwks.json",
  }),
  logLevel: withDefault({
    env: "XINQIAO_LOG_LEVEL",
    doc: "Least level that is logged.",
    parse: oneOf(LOG_LEVELS),
    default: "info",
  }),
};

export type SubgraphSettings = Values<typeof SUBGRAPH_SETTINGS>;
