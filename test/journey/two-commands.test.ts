import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const TOP = path.resolve(import.meta.dirname, "../..");
let folder: string;
const started: ChildProcess[] = [];

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly url: string;
  readonly startedInMs: number;
}

/** Starts the gateway as `npm start` does, on a free port and a folder of its own. */
async function start(
  command: readonly [string, ...string[]] = [process.execPath, "--import", "tsx", "gateway/main.ts"],
): Promise<Running> {
  const from = performance.now();
  const [program, ...words] = command;
  const child = spawn(program, words, {
    cwd: TOP,
    env: {
      ...bare(),
      XINQIAO_DATA_FOLDER: folder,
      XINQIAO_PORT: "0",
      XINQIAO_SEED_ORDERS: "1000",
      XINQIAO_LEDGER_TIMEOUT: "5s",
    },
  });
  started.push(child);
  let text = "";
  child.stdout?.on("data", (data: Buffer) => (text += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (text += data.toString()));
  while (!text.includes("Xinqiao listens at")) {
    if (child.exitCode !== null) throw new Error(text);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const url = /Xinqiao listens at (http:\/\/[^/]+)/.exec(text)?.[1] ?? "";
  return { child, output: () => text, url, startedInMs: performance.now() - from };
}

function bare(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("XINQIAO_")));
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) =>
    child.exitCode !== null || child.signalCode !== null
      ? resolve(child.exitCode)
      : child.once("exit", resolve),
  );
}

/** Process ids whose command line names the folder: the gateway's own database server. */
async function serversOf(place: string): Promise<string[]> {
  const { readFile } = await import("node:fs/promises");
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map(async (id) => [id, await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")] as const),
  );
  return lines.filter(([, line]) => line.includes(place) && line.includes("postgres")).map(([id]) => id);
}

/** Runs one of the printed commands exactly as a person would paste it. */
function paste(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const shell = spawn("sh", ["-c", command]);
    let text = "";
    shell.stdout.on("data", (data: Buffer) => (text += data.toString()));
    shell.once("error", reject);
    shell.once("close", () => resolve(text));
  });
}

function printedCommands(output: string): string[] {
  const parts = output.split(/^\d\. .*$/m).slice(1);
  return parts.map((part) => part.split("npm run demo")[0]?.trim() ?? "");
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-start-"));
});
afterAll(async () => {
  for (const child of started)
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

describe.runIf(process.platform === "linux")("npm start", () => {
  it("seeds a market once, prints three commands that work as pasted, drains on SIGTERM and leaves nothing running", async () => {
    const running = await start();
    const [read = "", change = "", publish = ""] = printedCommands(running.output());
    const profile = JSON.parse(await paste(read));
    expect(profile.errors).toBeUndefined();
    expect(profile.data.merchant.transactions.orderCount.value).toBeGreaterThan(0);
    const changed = await paste(change);
    expect(changed).toMatch(/granted [0-9a-f-]{36}/);
    expect(changed).toContain('"state":"REVOKED"');
    expect(JSON.parse(await paste(publish))).toMatchObject({ accepted: 1, rejected: 0 });
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200);
    running.child.kill("SIGTERM");
    expect(await ended(running.child)).toBe(0);
    expect(await serversOf(folder)).toEqual([]);
  }, 180_000);

  it("starts again with everything kept, and without seeding again", async () => {
    const running = await start();
    expect(running.output()).not.toContain("First start");
    const [, , publish = ""] = printedCommands(running.output());
    expect(
      JSON.parse(
        await paste(
          publish.replace(/"createdAt":"[^"]*","paidAt":"[^"]*"/, '"createdAt":"2026-01-01T00:00:00Z"'),
        ),
      ),
    ).toMatchObject({ errors: [{ extensions: { code: "FEED_KEY_REUSED" } }] });
    running.child.kill("SIGINT");
    expect(await ended(running.child)).toBe(0);
  }, 60_000);

  it("passes a signal that only npm gets on to the gateway, which drains", async () => {
    const running = await start(["npm", "start"]);
    running.child.kill("SIGTERM");
    await ended(running.child);
    await expect.poll(() => serversOf(folder), { timeout: 10_000, interval: 200 }).toEqual([]);
    expect(running.output()).toContain("draining");
  }, 60_000);

  it("loses nothing and leaves no server behind when it is killed outright", async () => {
    const running = await start();
    running.child.kill("SIGKILL");
    await ended(running.child);
    await expect.poll(() => serversOf(folder), { timeout: 10_000, interval: 200 }).toEqual([]);
    const again = await start();
    const [read = ""] = printedCommands(again.output());
    expect(JSON.parse(await paste(read)).data.merchant.transactions.orderCount.value).toBeGreaterThan(0);
    again.child.kill("SIGTERM");
    expect(await ended(again.child)).toBe(0);
  }, 90_000);
});

describe("npm start -- --check-config", () => {
  const check = (environment: Record<string, string>) =>
    new Promise<{ code: number | null; text: string }>((resolve) => {
      const child = spawn(process.execPath, ["--import", "tsx", "gateway/main.ts", "--check-config"], {
        cwd: TOP,
        env: { ...bare(), ...environment },
      });
      let text = "";
      child.stdout.on("data", (data: Buffer) => (text += data.toString()));
      child.stderr.on("data", (data: Buffer) => (text += data.toString()));
      child.once("close", (code) => resolve({ code, text }));
    });

  it("prints the effective table without secrets", async () => {
    const { code, text } = await check({
      XINQIAO_DATABASE_URL: "postgres://bureau:hunter2@db/x",
      XINQIAO_PORT: "4321",
    });
    expect(code).toBe(0);
    expect(text).toMatch(/XINQIAO_PORT +4321/);
    expect(text).not.toContain("hunter2");
  });

  it("reports every problem at once", async () => {
    const { code, text } = await check({
      XINQIAO_PORT: "70000",
      XINQIAO_TYPO: "1",
      XINQIAO_LEDGER_TIMEOUT: "x",
    });
    expect(code).toBe(1);
    for (const name of ["XINQIAO_PORT", "XINQIAO_TYPO", "XINQIAO_LEDGER_TIMEOUT"])
      expect(text).toContain(name);
  });

  it("refuses half an issuer", async () => {
    const { code, text } = await check({ XINQIAO_TOKEN_ISSUER: "https://issuer.example" });
    expect(code).toBe(1);
    for (const name of ["XINQIAO_TOKEN_AUDIENCE", "XINQIAO_TOKEN_ALGORITHMS", "XINQIAO_TOKEN_JWKS_URL"])
      expect(text).toContain(name);
  });
});
