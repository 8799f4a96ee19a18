import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishFile } from "../../scripts/feed-client/publish-file.js";
import { exitCodeOf } from "../../scripts/feed-client/terminal.js";
import { type FeedDoor, openFeedDoor } from "../support/feed-door.js";

const TOKEN = "a-platform-token";
let door: FeedDoor;
let folder: string;

beforeEach(async () => {
  door = await openFeedDoor(TOKEN);
  folder = await mkdtemp(path.join(tmpdir(), "publish-feed-"));
});
afterEach(async () => {
  await door.close();
  await rm(folder, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], envToken: string | undefined = TOKEN): Promise<Run> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const signal = new AbortController().signal;
  const words = Promise.all([text(stdout), text(stderr)]);
  const code = await exitCodeOf(publishFile, args, { stdout, stderr, signal, envToken });
  stdout.end();
  stderr.end();
  const [out, err] = await words;
  return { code, stdout: out, stderr: err };
}

function order(id: number): string {
  return JSON.stringify({
    orderId: `o-${id}`,
    sellerId: "s-1",
    currency: "CNY",
    totalMinor: id,
    createdAt: "2024-03-01T00:00:00Z",
  });
}

async function file(name: string, content: string | Buffer): Promise<string> {
  const target = path.join(folder, name);
  await writeFile(target, content);
  return target;
}

function flags(...more: string[]): string[] {
  return ["--kind", "order", "--url", door.url, "--batch-records", "3", ...more];
}

describe("publish-feed", () => {
  it("publishes a plain file and ends with 0 when all records landed", async () => {
    const source = await file("orders.ndjson", [1, 2, 3, 4, 5].map(order).join("\n"));
    const result = await run(flags(source));
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("5 records: 5 accepted") });
    expect(door.records.size).toBe(5);
  });

  it("publishes a compressed file, whatever its name", async () => {
    const source = await file("orders.bin", gzipSync([1, 2, 3, 4].map(order).join("\r\n")));
    expect(await run(flags(source))).toMatchObject({ code: 0 });
    expect(door.records.size).toBe(4);
  });

  it("ends with 2 when some records were rejected, and names their lines in the file", async () => {
    const lines = [
      order(1),
      "",
      order(2),
      order(3),
      order(4),
      "{broken",
      "",
      order(5),
      JSON.stringify({ orderId: "o-9" }),
    ];
    const source = await file("orders.ndjson", `${lines.join("\n")}\n`);
    const result = await run(flags(source));
    expect(result.code).toBe(2);
    expect(result.stdout).toContain(`${source}:6: FEED_RECORD_NOT_JSON`);
    expect(result.stdout).toContain(`${source}:9: FEED_RECORD_INVALID`);
    expect(result.stdout).toContain("5 accepted, 0 duplicate, 0 corrected, 2 rejected");
  });

  it("reports the same counts again when the file is published twice, and lands nothing twice", async () => {
    const source = await file("orders.ndjson", [1, 2, 3, 4, 5].map(order).join("\n"));
    await run(flags(source));
    const again = await run(flags(source));
    expect(again.stdout).toContain("5 accepted, 0 duplicate");
    expect(again.stdout).toContain("2 of them published before");
    expect(door.posts).toHaveLength(2);
  });

  it("reads the token from a file, before the environment", async () => {
    const source = await file("orders.ndjson", order(1));
    const tokenFile = await file("token", `${TOKEN}\n`);
    expect(await run(flags(source, "--token-file", tokenFile), "wrong")).toMatchObject({ code: 0 });
  });

  it("ends with 1 and says what to mend when the token is refused", async () => {
    const source = await file("orders.ndjson", order(1));
    const result = await run(flags(source, "--token", "wrong"));
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/401 TOKEN_INVALID.*\n.*--token-file/),
    });
  });

  it("ends with 1 when a compressed file is cut short", async () => {
    const whole = gzipSync(Array.from({ length: 50 }, (_, index) => order(index)).join("\n"));
    const source = await file("orders.ndjson.gz", whole.subarray(0, whole.length - 20));
    expect(await run(flags(source))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`cannot read ${source}`),
    });
  });

  it.each([
    [["--kind", "orders", "x"], "there is no feed of kind orders: one of account"],
    [["x"], "--kind is missing"],
    [["--kind", "order"], "FILE is missing"],
    [["--kind", "order", "a", "b"], "one FILE only"],
    [["--kind", "order", "/nowhere/x.ndjson"], "cannot read /nowhere/x.ndjson: ENOENT"],
    [["--kind", "order", "/"], "cannot read /: "],
    [["--kind", "order", "x", "--bach-records", "1"], "Unknown option '--bach-records'"],
    [["--kind", "order", "x", "--batch-records", "0"], "--batch-records must be a whole number"],
    [["--kind", "order", "x", "--batch-records", "1e3"], "--batch-records must be a whole number"],
    [["--kind", "order", "x", "--url", "localhost:4000"], "--url must be an http or https address"],
    [["--kind", "order", "x", "--token", "a", "--token-file", "b"], "not both"],
    [["--kind", "order", "x", "--token-file", "/nowhere/token"], "cannot read the token file /nowhere/token"],
    [["--kind", "order", "x", "--key-prefix", "a b"], "--key-prefix must be"],
  ])("refuses %j with one precise line", async (args, problem) => {
    const result = await run(args);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(`error: `) });
    expect(result.stderr).toContain(problem);
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("asks for a token when there is none", async () => {
    const source = await file("orders.ndjson", order(1));
    expect(await run(flags(source), "")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("an access token is needed"),
    });
  });

  it("says how it is used", async () => {
    expect(await text(start(["--help"]).stdout)).toContain("usage: npm run publish-feed");
  });

  it("publishes to the end when nobody reads its words any more", async () => {
    const child = start(flags(await file("orders.ndjson", [1, 2, 3, 4].map(order).join("\n"))));
    child.stdout.destroy();
    child.stderr.destroy();
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
    expect(door.records.size).toBe(4);
  });

  it("stops in order at an interrupt, between two attempts", async () => {
    door.faults.push(undefined, ...Array.from({ length: 50 }, () => "drop" as const));
    const child = start(flags(await file("orders.ndjson", [1, 2, 3, 4].map(order).join("\n"))));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    let words = "";
    child.stderr.on("data", (chunk) => {
      if (!words.includes("again in") && String(chunk).includes("again in")) child.kill("SIGINT");
      words += String(chunk);
    });
    expect(await ended).toBe(130);
    expect(words).toContain("Run the same command again");
    expect(door.records.size).toBe(3);
  });
});

/** The command as a process of its own. */
function start(args: readonly string[]) {
  const entry = path.resolve(import.meta.dirname, "../../scripts/publish-feed.ts");
  return spawn(process.execPath, ["--import", "tsx", entry, ...args], {
    env: { ...process.env, XINQIAO_TOKEN: TOKEN },
  });
}
