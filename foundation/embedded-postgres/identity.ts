import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BureauError } from "../../schema/errors.js";

/** Nothing of the caller's surroundings reaches the server: PGDATA, PGPORT or LC_ALL would change what it does. */
export const SERVER_ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };

/** As whom, and from where, the server's programs run: PostgreSQL refuses to run as root. */
export interface Identity {
  /** Words before the command, for example `unshare … --`. */
  readonly prefix: readonly string[];
  /** Words before a command that must end with this process; empty where only a watchdog can see to it. */
  readonly endsWithParent: readonly string[];
  /** Set when the folders must belong to another account. */
  readonly account?: { readonly uid: number; readonly gid: number };
  /** The folder that holds `bin/`. */
  readonly binaries: string;
}

export type IdentityKind = "plain" | "namespace" | "account";

/**
 * Chooses how to run: plainly for an ordinary account; as root in a user namespace of its own, which needs no
 * account and reaches every folder root reaches; else as `postgres` or `nobody`.
 * @throws SERVICE_UNAVAILABLE when root has neither
 */
export function chooseIdentity(binaries: string, force?: IdentityKind): Identity {
  const endsWithParent = runs("setpriv", ["--pdeathsig", "INT", "--", "true"])
    ? ["setpriv", "--pdeathsig", "INT", "--"]
    : [];
  const kind = force ?? (process.getuid?.() === 0 ? "namespace" : "plain");
  if (kind === "plain") return { prefix: [], endsWithParent, binaries };
  const namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"];
  if (kind === "namespace" && runs("unshare", [...namespace.slice(1), "true"])) {
    return { prefix: namespace, endsWithParent, binaries };
  }
  const account = findAccount();
  return { prefix: [], endsWithParent, account, binaries: readableBinaries(binaries, account) };
}

function runs(command: string, args: readonly string[], options: SpawnSyncOptions = {}): boolean {
  const run = spawnSync(command, args, {
    stdio: "ignore",
    env: SERVER_ENVIRONMENT,
    timeout: 10_000,
    ...options,
  });
  return run.status === 0;
}

function findAccount(): { uid: number; gid: number } {
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => {
      const run = spawnSync("id", [flag, name], { encoding: "utf8", env: SERVER_ENVIRONMENT });
      return run.status === 0 ? Number(run.stdout) : 0;
    });
    if (uid !== undefined && gid !== undefined && uid > 0 && gid > 0) return { uid, gid };
  }
  const detail = "postgres does not run as root: allow user namespaces or add an account named postgres";
  throw new BureauError("SERVICE_UNAVAILABLE", detail);
}

/** The binaries themselves, or a copy where the other account may read it (a project may lie in a closed folder). */
function readableBinaries(binaries: string, account: { uid: number; gid: number }): string {
  if (runs(join(binaries, "bin", "postgres"), ["--version"], account)) return binaries;
  const { size, mtimeMs } = statSync(join(binaries, "bin", "postgres"));
  const edition = createHash("sha256").update(`${binaries} ${size} ${mtimeMs}`).digest("hex").slice(0, 16);
  const copy = join(tmpdir(), `xinqiao-binaries-${edition}`);
  if (existsSync(copy)) {
    const found = lstatSync(copy);
    if (found.isDirectory() && found.uid === process.getuid?.()) return copy;
    throw new BureauError("SERVICE_UNAVAILABLE", `${copy} belongs to another account`);
  }
  const staging = mkdtempSync(`${copy}-`);
  try {
    cpSync(binaries, join(staging, "native"), { recursive: true, verbatimSymlinks: true });
    chmodSync(join(staging, "native"), 0o755);
    renameSync(join(staging, "native"), copy);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return copy;
}
