import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../foundation/clock.js";
import { ConfigError } from "../foundation/config.js";
import { createLogger, type Logger } from "../foundation/log.js";
import { openDatabase } from "../foundation/postgres/open-database.js";
import { ONE_ROLE_WARNING } from "../foundation/postgres/prepare-database.js";
import { BureauError } from "../schema/errors.js";
import { firstStart } from "../scripts/market/first-start.js";
import { DEMO_BANK, OTHER_BANK, personFile } from "../scripts/market/market-parties.js";
import { redisPlaceOf } from "../foundation/redis/place.js";
import { openRedis, type Redis } from "../foundation/redis.js";
import { createReplayGuard } from "./authenticate/replay-guard.js";
import { createBudgets } from "./receive/budgets.js";
import { type DocumentSource, readSources } from "./receive/documents/read-sources.js";
import type { GatewaySettings } from "./config.js";
import { greeting, type GreetingFacts } from "./process/greeting.js";
import { watchSupergraph } from "./process/engine/generations.js";
import {
  type Bureau,
  loadIssuerSecret,
  loadKeys,
  openBureau,
  SUPERGRAPH_FILE,
} from "./process/open-bureau.js";
import {
  dataPaths,
  hasSyntheticMarket,
  readGatewaySettings,
  settingsTable,
  tokenSettings,
} from "./process/settings.js";

const PLATFORM = "taoyuan-market";
const HELP = `Starts the gateway with its subgraphs.

  npm start                      start; the first start makes keys, a database and a synthetic market
  npm start -- --check-config    print the effective settings, secrets hidden, and stop
  npm start -- --help

Settings are environment variables; docs/configuration.md lists them.
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { help: { type: "boolean" }, "check-config": { type: "boolean" } },
  });
  if (values.help === true) return (say(HELP), 0);
  let settings: GatewaySettings;
  let sources: readonly DocumentSource[];
  try {
    settings = readGatewaySettings(process.env);
    sources = settings.documents === undefined ? [] : await readSources(settings.documents);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  if (values["check-config"] === true) return (say(settingsTable(settings)), 0);
  try {
    await run(settings, sources);
    return 0;
  } catch (error) {
    const detail =
      error instanceof BureauError
        ? `${error.code}: ${error.detail ?? error.message}`
        : error instanceof ConfigError
          ? error.message
          : error;
    process.stderr.write(`${detail instanceof Error ? (detail.stack ?? detail.message) : String(detail)}\n`);
    return 1;
  }
}

async function run(settings: GatewaySettings, sources: readonly DocumentSource[]): Promise<void> {
  const stop = stopSignal();
  const log = createLogger({ name: "gateway", level: settings.logLevel });
  const paths = dataPaths(settings);
  const keys = await loadKeys(paths.keys);
  const redis = await openSharedRedis(settings);
  const replayGuard = redis === undefined ? undefined : createReplayGuard(redis);
  const port = await portOf(settings);
  const database = await openDatabase({
    databaseUrl: settings.databaseUrl?.reveal(),
    ownerUrl: settings.databaseOwnerUrl?.reveal(),
    dataDirectory: paths.postgres,
    flags: ["-c", "max_connections=60"],
  });
  const bureau = await openBureau({
    ...settings,
    ...database,
    clock: systemClock,
    keys,
    tokens: tokenSettings(settings, { port, secret: await loadIssuerSecret(paths.keys) }),
    possession: { ...settings, replayGuard },
    subgraphUrls: new Map(settings.subgraphUrls),
    trust: { sources, requiredOf: settings.documentsRequired },
    budgets: createBudgets({ redis, clock: systemClock, limits: settings }),
    onError: (error, requestId) => logError(log, error, requestId),
  }).catch(async (error: unknown) => {
    // What does not start leaves nothing running.
    await Promise.all([redis?.close(), database.stop()]);
    throw error;
  });
  if (bureau.databasePowers.length > 0) log.warn({ powers: bureau.databasePowers }, ONE_ROLE_WARNING);
  try {
    const facts = await prepareDemo({ settings, bureau, paths, stop });
    keepSupergraph({ settings, bureau, log, stop });
    const url = await bureau.gateway.app.listen({ host: settings.host, port });
    log.info({ url }, "listening");
    say(facts === undefined ? `Xinqiao listens at ${url}/graphql` : greeting({ ...facts, url }));
    log.info({ signal: await aborted(stop) }, "draining");
  } catch (error) {
    if (!stop.aborted) throw error;
    say("Stopped before the market was complete; the next start goes on from here.");
  } finally {
    const forced = setTimeout(() => process.exit(1), settings.drainTimeoutMs + 5_000);
    await bureau.close();
    await redis?.close();
    await database.stop();
    clearTimeout(forced);
  }
}

/** The supergraph is read again when its file changes and on SIGHUP; one that is unsafe to serve changes nothing. */
function keepSupergraph(house: {
  readonly settings: GatewaySettings;
  readonly bureau: Bureau;
  readonly log: Logger;
  readonly stop: AbortSignal;
}): void {
  const { settings, bureau, log, stop } = house;
  const { generations } = bureau.gateway;
  const onError = (error: unknown): void => log.error({ err: error }, "the supergraph was not reloaded");
  generations.onChange(({ id }) => log.info({ supergraph: id }, "supergraph in service"));
  process.on("SIGHUP", () => void generations.reload().catch(onError));
  const file = settings.supergraphFile ?? SUPERGRAPH_FILE;
  if (settings.supergraphWatch) watchSupergraph(file, generations, { signal: stop, onError });
}

/** @throws SERVICE_UNAVAILABLE when Redis is configured and does not answer: a start is the time to notice */
async function openSharedRedis(settings: GatewaySettings): Promise<Redis | undefined> {
  const place = redisPlaceOf(settings);
  return place && openRedis(place, { connectTimeoutMs: 2_000, commandTimeoutMs: 100 });
}

/** The issuer's name holds the port, so it must be known before anybody listens on it. */
async function portOf({ host, port }: GatewaySettings): Promise<number> {
  if (port !== 0) return port;
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const free = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, "close");
  return free;
}

interface DemoParts {
  readonly settings: GatewaySettings;
  readonly bureau: Bureau;
  readonly paths: ReturnType<typeof dataPaths>;
  readonly stop: AbortSignal;
}

async function prepareDemo({
  settings,
  bureau,
  paths,
  stop,
}: DemoParts): Promise<Omit<GreetingFacts, "url"> | undefined> {
  if (!hasSyntheticMarket(settings)) return undefined;
  const now = systemClock.now();
  const { market } = await firstStart(bureau, {
    file: paths.market,
    clients: paths.clients,
    people: paths.people,
    orders: settings.seedOrders,
    now,
    say,
    signal: stop,
  });
  const merchant = market.demo.ordinary.merchantId;
  return {
    merchant,
    bank: DEMO_BANK,
    otherBank: OTHER_BANK,
    dataFolder: settings.dataFolder,
    passwordFile: path.relative(process.cwd(), personFile(paths.people, merchant)),
    platform: PLATFORM,
    sellerId: market.demo.ordinary.sellers.get(PLATFORM) ?? "",
    now: now.toISOString(),
    expiresAt: new Date(now.getTime() + 60 * 86_400_000).toISOString(),
  };
}

/** Aborts, with the signal's name as its reason, when the process is asked to stop. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  return stop.signal;
}

async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason;
}

function logError(log: Logger, error: unknown, requestId: string): void {
  if (error instanceof BureauError)
    log.info({ requestId, code: error.code, detail: error.detail }, "refused");
  else log.error({ requestId, err: error }, "unexpected");
}
