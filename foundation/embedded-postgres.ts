import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { BureauError } from "../schema/errors.js";
import { locateBinaries } from "./embedded-postgres/binaries.js";
import { type Folders, prepareFolders, readPostmaster } from "./embedded-postgres/folders.js";
import { chooseIdentity, type IdentityKind } from "./embedded-postgres/identity.js";
import { APPLICATION, initializeCluster, launch, OWNER, ServerBusy } from "./embedded-postgres/launch.js";

/** How long a start waits for another server on the same folder to answer or to go. */
const PATIENCE_MS = 8_000;
const RETRY_MS = 100;

export interface EmbeddedPostgresOptions {
  /** Made when absent, closed to other accounts; its path may be of any length. */
  readonly dataDirectory: string;
  /** Further words for the server's command line, for example `["-c", "max_connections=40"]`. */
  readonly flags?: readonly string[];
  /** Gives up durability for speed: for tests only. */
  readonly noSync?: boolean;
  /** How to shed root; chosen by what the machine offers when absent. */
  readonly identity?: IdentityKind;
}

/** A PostgreSQL server that this machine alone can reach, over a Unix socket. */
export interface EmbeddedPostgres {
  /** The owner's address of a database on it; `database` need not exist yet (see `ensureDatabase`). */
  connectionString(database: string): string;
  /** Shuts the server down cleanly. Does nothing when it was adopted: it belongs to the process that started it. */
  stop(): Promise<void>;
  /** True when the server was already running on this data directory. */
  readonly adopted: boolean;
}

/**
 * Starts PostgreSQL 18 on a folder, or adopts the server that runs there. It ends with this process, however that ends.
 * On Linux the end is that of the thread that calls: call it from the main thread.
 * @throws SERVICE_UNAVAILABLE; `detail` has the server's own words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const identity = chooseIdentity(locateBinaries(), options.identity);
  const folders = prepareFolders(options.dataDirectory, identity);
  await initializeCluster(folders, identity, options.noSync !== true);
  const unsafe =
    options.noSync === true ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : [];
  const flags = [...unsafe.flatMap((setting) => ["-c", setting]), ...(options.flags ?? [])];
  let obstacle = "";
  for (let waitedMs = 0; waitedMs <= PATIENCE_MS; waitedMs += RETRY_MS) {
    const running = readPostmaster(folders.cluster);
    if (running !== undefined) {
      if (await answers(running.socket, folders)) return adopt(running.socket);
      obstacle = `process ${running.pid} holds it and does not answer`;
    } else {
      try {
        const server = await launch(folders, identity, flags);
        return own(folders, () => server.stop());
      } catch (error) {
        if (!(error instanceof ServerBusy)) {
          rmSync(folders.socket, { recursive: true, force: true });
          throw error;
        }
        obstacle = error.message;
      }
    }
    await delay(RETRY_MS);
  }
  throw new BureauError("SERVICE_UNAVAILABLE", `another server is using ${folders.cluster}: ${obstacle}`);
}

function own(folders: Folders, stop: () => Promise<void>): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  return {
    adopted: false,
    connectionString: (database) => socketAddress(folders.socket, database),
    stop: () => {
      stopping ??= stop().then(() => rmSync(folders.socket, { recursive: true, force: true }));
      return stopping;
    },
  };
}

function adopt(socket: string): EmbeddedPostgres {
  return {
    adopted: true,
    connectionString: (database) => socketAddress(socket, database),
    stop: async () => {},
  };
}

function socketAddress(socket: string, database: string): string {
  return `postgres:///${encodeURIComponent(database)}?host=${encodeURIComponent(socket)}&user=${OWNER}`;
}

/** True when the server behind the socket is open for sessions and really serves this cluster. */
async function answers(socket: string, folders: Folders): Promise<boolean> {
  const client = new pg.Client({
    connectionString: socketAddress(socket, "postgres"),
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]?.data_directory === folders.cluster;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Makes the role that uses the tables of an embedded server and owns none of them, unless it is there; it may log in and
 * nothing else. `adminConnectionString` is the owner's. Resolves to the same address for that role.
 * WARNING: the socket's folder decides who may connect, and who may connect may do so as the owner too: apart, the roles
 * guard against what the application is made to say, not against whoever runs it.
 */
export async function ensureApplicationRole(adminConnectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString: adminConnectionString, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_roles where rolname = $1", [APPLICATION]);
    if (rowCount === 0) await client.query(`create role ${APPLICATION} login noinherit`);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== "42710" && code !== "23505") throw error;
  } finally {
    await client.end();
  }
  return adminConnectionString.replace(/([?&]user=)[^&]*/, `$1${APPLICATION}`);
}

/** Makes a database unless it is there. `adminConnectionString` names any other database of the same server. */
export async function ensureDatabase(adminConnectionString: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminConnectionString, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    // Somebody else made it between the look and the making.
    const code = (error as { code?: string }).code;
    if (code !== "42P04" && code !== "23505") throw error;
  } finally {
    await client.end();
  }
}
