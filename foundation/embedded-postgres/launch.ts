import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { BureauError } from "../../schema/errors.js";
import type { Folders } from "./folders.js";
import { type Identity, SERVER_ENVIRONMENT } from "./identity.js";

/** The account of the embedded server that owns everything; the socket's folder decides who may connect. */
export const OWNER = "bureau";

/** The account that uses the tables and owns none; see `ensureApplicationRole`. */
export const APPLICATION = "bureau_application";

const READY = /database system is ready to accept connections/;
const LOG_TAIL_CHARACTERS = 8_000;
const START_TIMEOUT_MS = 60_000;
const FAST_STOP_TIMEOUT_MS = 20_000;

/** A server that could not start for a reason that may pass: another one is just going. */
export class ServerBusy extends Error {}

/** A started server. */
export interface Launched {
  readonly pid: number;
  /** Ends every session and shuts down cleanly; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Makes the cluster unless it is there. A crash half-way leaves nothing that looks like a cluster. */
export async function initializeCluster(folders: Folders, identity: Identity, sync: boolean): Promise<void> {
  if (existsSync(join(folders.cluster, "PG_VERSION"))) return;
  const staging = mkdtempSync(`${folders.cluster}.initializing-`);
  try {
    const { account } = identity;
    if (account !== undefined) chownSync(staging, account.uid, account.gid);
    const locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
    const access = [`--username=${OWNER}`, "--auth-local=trust", "--auth-host=reject"];
    const durability = sync ? ["--data-checksums"] : ["--data-checksums", "--no-sync"];
    await run(identity, "initdb", ["-D", staging, ...access, ...locale, ...durability]);
    renameSync(staging, folders.cluster);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Two first starts at once: the other one was quicker.
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function run(identity: Identity, program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const [child, tail] = start(identity, [program, ...args]);
    child.once("error", (cause) => reject(unavailable(`cannot run ${program}`, cause)));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(unavailable(`${program} ended with ${String(code)}: ${tail()}`));
    });
  });
}

/** Starts a program in its own session, so that a terminal's Ctrl-C reaches only the process that started it. */
function start(
  identity: Identity,
  [program = "", ...args]: readonly string[],
  endsWithParent: readonly string[] = [],
): [child: ChildProcess, tail: () => string, onOutput: (listener: (tail: string) => void) => void] {
  const words = [...identity.prefix, ...endsWithParent, join(identity.binaries, "bin", program), ...args];
  const child = spawn(words[0] ?? program, words.slice(1), {
    ...identity.account,
    cwd: dirname(identity.binaries),
    env: SERVER_ENVIRONMENT,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let tail = "";
  const listeners: ((tail: string) => void)[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-LOG_TAIL_CHARACTERS);
    for (const listener of listeners) listener(tail);
  });
  return [child, () => tail.trim(), (listener) => listeners.push(listener)];
}

/**
 * Starts the server and waits until it answers.
 * @throws ServerBusy when another server holds the cluster, or is just letting go of it
 * @throws SERVICE_UNAVAILABLE with the server's own words
 */
export async function launch(
  folders: Folders,
  identity: Identity,
  flags: readonly string[],
): Promise<Launched> {
  const fixed = ["listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC"];
  const settings = fixed.flatMap((setting) => ["-c", setting]);
  const args = ["-D", folders.cluster, "-k", folders.socket, ...settings, ...flags];
  const [child, tail, onOutput] = start(identity, ["postgres", ...args], identity.endsWithParent);
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGQUIT");
      reject(unavailable(`postgres was not ready in ${START_TIMEOUT_MS} ms: ${tail()}`));
    }, START_TIMEOUT_MS);
    onOutput((text) => {
      if (!READY.test(text)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(unavailable("cannot run postgres", cause));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      reject(ended(code, tail()));
    });
  });
  release(child);
  const watchdog = identity.endsWithParent.length === 0 ? watch(child.pid ?? 0) : undefined;
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      watchdog?.kill("SIGKILL");
      await stopServer(child, gone);
    },
  };
}

/** The server must not keep this process alive; it ends with it. */
function release(child: ChildProcess): void {
  child.unref();
  (child.stderr as unknown as { unref?: () => void } | null)?.unref?.();
}

async function stopServer(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  child.kill("SIGINT");
  const impatience = setTimeout(() => child.kill("SIGQUIT"), FAST_STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(impatience);
}

/** Where the kernel offers no parent-death signal: a shell whose input closes when this process dies. */
function watch(pid: number): ChildProcess {
  const script = 'read -r _; kill -INT "$0"';
  const child = spawn("sh", ["-c", script, String(pid)], {
    env: SERVER_ENVIRONMENT,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return child;
}

function ended(code: number | null, tail: string): Error {
  const passing = /pre-existing shared memory block|lock file "[^"]*" already exists/;
  if (passing.test(tail)) return new ServerBusy(tail);
  return unavailable(`postgres ended with ${String(code)}: ${tail}`);
}

function unavailable(detail: string, cause?: unknown): BureauError {
  return new BureauError("SERVICE_UNAVAILABLE", detail, cause === undefined ? {} : { cause });
}
