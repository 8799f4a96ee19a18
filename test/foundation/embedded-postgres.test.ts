import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ensureDatabase,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../foundation/embedded-postgres.js";
import type { IdentityKind } from "../../foundation/embedded-postgres/identity.js";

const MODULE = new URL("../../foundation/embedded-postgres", import.meta.url).href;
const isRoot = process.getuid?.() === 0;

let folder: string;
let started: EmbeddedPostgres[];
let holders: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xinqiao-embedded-"));
  started = [];
  holders = [];
});

afterEach(async () => {
  for (const holder of holders) holder.kill("SIGKILL");
  for (const server of started) await server.stop();
  await until(() => serversOf(folder).length === 0);
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDirectory: join(folder, "data"),
    noSync: true,
    ...options,
  });
  started.push(server);
  return server;
}

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A process of its own that starts the server, prints its address, and stays until it is killed. */
async function hold(): Promise<{ process: ChildProcess; connectionString: string }> {
  return holdWith(`
    import { startEmbeddedPostgres } from ${JSON.stringify(`${MODULE}.ts`)};
    const server = await startEmbeddedPostgres({ dataDirectory: ${JSON.stringify(join(folder, "data"))} });
    process.stdout.write(server.connectionString("postgres") + "\\n");
    setInterval(() => {}, 1000);`);
}

/** The same on a machine whose kernel offers no parent-death signal. */
async function holdWithWatchdog(): Promise<{ process: ChildProcess; connectionString: string }> {
  return holdWith(`
    import { locateBinaries } from ${JSON.stringify(`${MODULE}/binaries.ts`)};
    import { prepareFolders } from ${JSON.stringify(`${MODULE}/folders.ts`)};
    import { chooseIdentity } from ${JSON.stringify(`${MODULE}/identity.ts`)};
    import { initializeCluster, launch } from ${JSON.stringify(`${MODULE}/launch.ts`)};
    const identity = { ...chooseIdentity(locateBinaries()), endsWithParent: [] };
    const folders = prepareFolders(${JSON.stringify(join(folder, "data"))}, identity);
    await initializeCluster(folders, identity, false);
    await launch(folders, identity, []);
    process.stdout.write("postgres:///postgres?user=bureau&host=" + folders.socket + "\\n");
    setInterval(() => {}, 1000);`);
}

async function holdWith(script: string): Promise<{ process: ChildProcess; connectionString: string }> {
  const file = join(folder, "holder.mts");
  writeFileSync(file, script);
  const holder = spawn(process.execPath, ["--import", "tsx", file], { stdio: ["ignore", "pipe", "inherit"] });
  holders.push(holder);
  const connectionString = await new Promise<string>((resolve, reject) => {
    holder.stdout?.once("data", (text: Buffer) => resolve(text.toString().trim()));
    holder.once("exit", (code) => reject(new Error(`the holder ended with ${String(code)}`)));
  });
  return { process: holder, connectionString };
}

/** Process ids of servers whose data lies under the folder. */
function serversOf(under: string): number[] {
  try {
    const pid = Number(readFileSync(join(under, "data", "18", "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, 0);
    return [pid];
  } catch {
    return [];
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !condition(); tries += 1) await delay(100);
  expect(condition()).toBe(true);
}

describe("the embedded server", () => {
  it("starts PostgreSQL 18 on an absent folder, in UTF-8, in UTC, with a socket only", async () => {
    const server = await start();
    expect(server.adopted).toBe(false);
    const settings = await query(
      server.connectionString("postgres"),
      `select current_setting('server_version_num')::int / 10000 as major, current_setting('server_encoding') as encoding,
              current_setting('timezone') as timezone, current_setting('listen_addresses') as addresses,
              (select concat(datlocprovider, ':', datlocale) from pg_database where datname = 'postgres') as locale`,
    );
    const expected = { major: 18, encoding: "UTF8", timezone: "UTC", addresses: "", locale: "b:C.UTF-8" };
    expect(settings).toEqual([expected]);
  });

  it("keeps data and socket closed to other accounts", async () => {
    const server = await start();
    const socket = new URL(server.connectionString("postgres")).searchParams.get("host") ?? "";
    expect(statSync(socket).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
    expect(Buffer.byteLength(join(socket, ".s.PGSQL.5432"))).toBeLessThan(104);
  });

  it("is durable unless told otherwise", async () => {
    const server = await startEmbeddedPostgres({ dataDirectory: join(folder, "data") });
    started.push(server);
    const rows = await query(server.connectionString("postgres"), "show fsync");
    expect(rows).toEqual([{ fsync: "on" }]);
  });

  it("keeps its data over a restart", async () => {
    const first = await start();
    await ensureDatabase(first.connectionString("postgres"), "bureau-1");
    await query(first.connectionString("bureau-1"), "create table kept as select 7 as seven");
    await first.stop();
    expect(serversOf(folder)).toEqual([]);
    const second = await start();
    expect(await query(second.connectionString("bureau-1"), "select seven from kept")).toEqual([
      { seven: 7 },
    ]);
  });

  it("works in a folder that only its owner may enter, with a path far longer than a socket's may be", async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    const server = await start({ dataDirectory: join(closed, "deep".repeat(20), "deep".repeat(20)) });
    expect(await query(server.connectionString("postgres"), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("makes a database once, also when asked twice at the same moment", async () => {
    const server = await start();
    const admin = server.connectionString("postgres");
    await Promise.all([ensureDatabase(admin, "twice"), ensureDatabase(admin, "twice")]);
    await ensureDatabase(admin, "twice");
    expect(await query(server.connectionString("twice"), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("says what the server said when it cannot start", async () => {
    const failed = start({ flags: ["-c", "no_such_setting=1"] });
    await expect(failed).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
      detail: expect.stringContaining("no_such_setting"),
    });
  });
});

describe("a server that is already there", () => {
  it("is adopted, and outlives the one who adopted it", async () => {
    const first = await start();
    const second = await start();
    expect([first.adopted, second.adopted]).toEqual([false, true]);
    expect(second.connectionString("postgres")).toBe(first.connectionString("postgres"));
    await second.stop();
    expect(await query(first.connectionString("postgres"), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("is shared by two that start an absent folder at the same moment", async () => {
    const servers = await Promise.all([start(), start()]);
    expect(servers.filter((server) => server.adopted)).toHaveLength(1);
    for (const server of servers) await query(server.connectionString("postgres"), "select 1");
  });

  it("is not mistaken for a stranger's process that got its number after a restart", async () => {
    const first = await start();
    await first.stop();
    const stale = [
      process.pid,
      join(folder, "data", "18"),
      "1",
      "5432",
      "/nowhere",
      "",
      "",
      "ready",
      "",
    ].join("\n");
    writeFileSync(join(folder, "data", "18", "postmaster.pid"), stale, { mode: 0o600 });
    const second = await start();
    expect(second.adopted).toBe(false);
  });
});

describe("a killed process", () => {
  it("takes its server with it and loses nothing that was acknowledged", async () => {
    const { process: holder, connectionString } = await hold();
    await query(connectionString, "create table kept (n int)");
    for (let n = 0; n < 20; n += 1) await query(connectionString, `insert into kept values (${n})`);
    holder.kill("SIGKILL");
    await until(() => serversOf(folder).length === 0);
    const server = await start();
    expect(server.adopted).toBe(false);
    expect(await query(server.connectionString("postgres"), "select count(*)::int as n from kept")).toEqual([
      { n: 20 },
    ]);
  });

  it("does not keep the next start from succeeding at once", async () => {
    const { process: holder } = await hold();
    holder.kill("SIGKILL");
    const server = await start();
    expect(await query(server.connectionString("postgres"), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("takes its server with it where only a watchdog can see to it", async () => {
    const { process: holder, connectionString } = await holdWithWatchdog();
    await query(connectionString, "create table kept as select 1 as n");
    holder.kill("SIGKILL");
    await until(() => serversOf(folder).length === 0);
    const server = await start();
    expect(await query(server.connectionString("postgres"), "select n from kept")).toEqual([{ n: 1 }]);
  });

  it("may be the server itself: the next start recovers every acknowledged row", async () => {
    const { process: holder, connectionString } = await hold();
    await query(connectionString, "create table kept as select 1 as n");
    const [pid] = serversOf(folder);
    process.kill(pid ?? 0, "SIGKILL");
    const server = await start();
    expect(await query(server.connectionString("postgres"), "select n from kept")).toEqual([{ n: 1 }]);
    expect(holder.exitCode).toBeNull();
  });
});

describe.skipIf(!isRoot)("started by root", () => {
  it.each<IdentityKind>(["namespace", "account"])(
    "the server runs, restarts and stops as '%s'",
    async (identity) => {
      // The other account must be able to reach the data.
      chmodSync(folder, 0o755);
      for (const adopted of [false, false]) {
        const server = await start({ identity });
        expect(server.adopted).toBe(adopted);
        expect(await query(server.connectionString("postgres"), "select 1 as one")).toEqual([{ one: 1 }]);
        await server.stop();
      }
    },
  );
});
