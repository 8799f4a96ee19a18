import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BureauError } from "../../schema/errors.js";
import type { Identity } from "./identity.js";

/** `sun_path` is 108 bytes on Linux and 104 on macOS, the closing zero among them. */
const SOCKET_PATH_BYTES_MAX = 103;
const SOCKET_NAME = ".s.PGSQL.5432";

/** Where one server keeps its things. */
export interface Folders {
  /** The cluster: `<dataDirectory>/18`. The major version is in the name because no other server can read it. */
  readonly cluster: string;
  /** Short, private, and the same for every start on one data directory. */
  readonly socket: string;
}

/**
 * Makes the folders, closed to other accounts. The socket lies apart from the data because its path must be short.
 * @throws SERVICE_UNAVAILABLE when a folder is not ours or the socket's path is too long
 */
export function prepareFolders(dataDirectory: string, identity: Identity): Folders {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const real = realpathSync(dataDirectory);
  takeFolder(real, identity);
  const digest = createHash("sha256").update(real).digest("hex").slice(0, 16);
  const socket = join(realpathSync(tmpdir()), `xinqiao-${digest}`);
  if (Buffer.byteLength(join(socket, SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX) {
    throw new BureauError(
      "SERVICE_UNAVAILABLE",
      `the temporary folder's path is too long for a socket: ${socket}`,
    );
  }
  mkdirSync(socket, { recursive: true, mode: 0o700 });
  takeFolder(socket, identity);
  return { cluster: join(real, "18"), socket };
}

/** Refuses a folder that somebody else put there, then closes it. */
function takeFolder(folder: string, identity: Identity): void {
  const found = lstatSync(folder);
  const uid = process.getuid?.();
  if (!found.isDirectory() || (found.uid !== uid && found.uid !== identity.account?.uid)) {
    throw new BureauError("SERVICE_UNAVAILABLE", `${folder} belongs to another account`);
  }
  if (identity.account !== undefined) chownSync(folder, identity.account.uid, identity.account.gid);
  chmodSync(folder, 0o700);
}

/** What `postmaster.pid` says of a server that runs, or ran, on this cluster. */
export interface Postmaster {
  readonly pid: number;
  readonly socket: string;
}

/** Reads `postmaster.pid`; undefined when there is none, or its process is gone. */
export function readPostmaster(cluster: string): Postmaster | undefined {
  const file = join(cluster, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  const socket = lines[4] ?? "";
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (isPostgres(pid)) return { pid, socket };
  // Process ids start anew in a restarted container, and PostgreSQL takes any live process for its predecessor.
  if (isAlive(pid)) rmSync(file, { force: true });
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "postgres";
  } catch {
    return false;
  }
}
