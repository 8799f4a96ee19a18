import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../foundation/clock.js";
import { ConfigError, loadConfig } from "../foundation/config.js";
import { loadOrCreateKey } from "../foundation/key-store.js";
import { createLogger } from "../foundation/log.js";
import { openPostgres } from "../foundation/postgres.js";
import { openDatabase } from "../foundation/postgres/open-database.js";
import { ONE_ROLE_WARNING, prepareDatabase } from "../foundation/postgres/prepare-database.js";
import { createSigner } from "../foundation/tokens.js";
import { SUBGRAPH_SETTINGS, type SubgraphSettings } from "./config.js";
import { createSubgraphServer } from "./host/http.js";
import { createPermitVerifier } from "./host/permit.js";
import { SUBGRAPH_SCHEMAS, SUBGRAPHS } from "./index.js";

const HELP = `Serves one subgraph over HTTP. It answers only the gateway whose permit key it can fetch.

  npm run serve:subgraph -- NAME      NAME is one of ${Object.keys(SUBGRAPHS).join(", ")}

Then start the gateway with XINQIAO_SUBGRAPH_URLS=NAME=http://127.0.0.1:4100/graphql
Settings are environment variables; docs/configuration.md lists them.
`;
/** The gateway's issuer name in permits. */
const PERMIT_ISSUER = "xinqiao-gateway";

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { help: { type: "boolean" } },
    allowPositionals: true,
  });
  const [name = ""] = positionals;
  if (values.help === true || !Object.hasOwn(SUBGRAPHS, name)) {
    (values.help === true ? process.stdout : process.stderr).write(HELP);
    return values.help === true ? 0 : 1;
  }
  try {
    await serve(name, readSettings());
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    return 1;
  }
}

function readSettings(): SubgraphSettings {
  // One environment often holds the gateway's settings too; only this table's are read here.
  const known = new Set(Object.values(SUBGRAPH_SETTINGS).flatMap(({ env }) => [env, `${env}_FILE`]));
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => known.has(name)));
  return loadConfig(SUBGRAPH_SETTINGS, { environment, readFile: (file) => readFileSync(file, "utf8") });
}

async function serve(name: string, settings: SubgraphSettings): Promise<void> {
  const log = createLogger({ name: `subgraph:${name}`, level: settings.logLevel });
  const folder = path.resolve(settings.dataFolder);
  const database = await openDatabase({
    databaseUrl: settings.databaseUrl?.reveal(),
    ownerUrl: settings.databaseOwnerUrl?.reveal(),
    dataDirectory: path.join(folder, "postgres"),
  });
  const { powers } = await prepareDatabase(database, SUBGRAPH_SCHEMAS);
  if (powers.length > 0) log.warn({ powers }, ONE_ROLE_WARNING);
  const postgres = openPostgres({
    connectionString: database.connectionString,
    applicationName: `xinqiao-${name}`,
    poolMax: settings.poolMax,
    statementTimeoutMs: 10_000,
  });
  const verifyPermit = createPermitVerifier({
    issuer: PERMIT_ISSUER,
    keys: {
      kind: "remote",
      url: new URL(settings.permitJwksUrl),
      cacheMaxAgeMs: 600_000,
      cooldownMs: 5_000,
      timeoutMs: 2_000,
    },
    algorithms: ["EdDSA", "ES256"],
    clock: systemClock,
  });
  const signer = await createSigner(await loadOrCreateKey(path.join(folder, "keys", "artefact.jwk.json")));
  const signArtefact = (payload: object): Promise<string> => signer.sign("consent+jwt", { ...payload });
  const subgraph = await SUBGRAPHS[name]?.create({
    postgres,
    clock: systemClock,
    verifyPermit,
    signArtefact,
  });
  if (subgraph === undefined) throw new Error(`no subgraph ${name}`);
  const server = createSubgraphServer(subgraph);
  const url = await server.listen({ host: settings.host, port: settings.port });
  log.info({ url }, "listening");
  await new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
  await server.close();
  await postgres.close();
  await database.stop();
}
