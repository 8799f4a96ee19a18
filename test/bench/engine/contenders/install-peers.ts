import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const FOLDER = path.resolve(import.meta.dirname, "../../peers");
const INSTALL_MAX_MS = 300_000;

let installing: Promise<string | undefined> | undefined;

/**
 * Installs the peers beside their own lock file, once a run, unless they are there; they are no dependency of the house.
 * Resolves to what went wrong, or to nothing.
 */
export function installPeers(): Promise<string | undefined> {
  installing ??= install();
  return installing;
}

async function install(): Promise<string | undefined> {
  if (existsSync(path.join(FOLDER, "node_modules", ".package-lock.json"))) return undefined;
  process.stderr.write("installing the peers (npm ci in test/bench/peers)\n");
  try {
    const options = { cwd: FOLDER, timeout: INSTALL_MAX_MS };
    await promisify(execFile)("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], options);
    return undefined;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? String(error);
    return `npm ci in test/bench/peers failed: ${said.trim().split("\n").slice(-3).join("; ")}`;
  }
}
