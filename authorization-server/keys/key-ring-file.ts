import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { generateSigningKey } from "../../foundation/tokens.js";
import { type KeyRing, type RingKey, rotateRing, type RotationTimes } from "./key-ring.js";

/** Tokens are signed with the algorithm that every client library knows, among those of FAPI 2.0. */
export const SIGNING_ALGORITHM = "ES256";
/** A rotation takes milliseconds; a lock that is older was left by a process that died. */
const LOCK_STALE_MS = 60_000;

/**
 * The ring in a file of mode 0600; made with one key that signs at once where there is none. Processes that start
 * together agree on one ring. @throws Error when the file holds something else
 */
export async function loadKeyRing(file: string, now: () => Date): Promise<KeyRing> {
  const known = await readRing(file);
  if (known !== undefined) return known;
  return underLock(file, now, async () => {
    const other = await readRing(file);
    if (other !== undefined) return other;
    return writeRing(file, await added([], now(), { aheadSeconds: 0, afterSeconds: 0 }));
  });
}

/** Adds a key that will take over. @throws Error while another is waiting, or another rotation is under way */
export async function rotateKeyRing(file: string, now: () => Date, times: RotationTimes): Promise<KeyRing> {
  return underLock(file, now, async () =>
    writeRing(file, await added((await readRing(file)) ?? [], now(), times)),
  );
}

async function added(ring: KeyRing, now: Date, times: RotationTimes): Promise<KeyRing> {
  return rotateRing(ring, await generateSigningKey(SIGNING_ALGORITHM), { now, times });
}

async function readRing(file: string): Promise<KeyRing | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { keys } = JSON.parse(text) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isRingKey))
    throw new Error(`${file} holds no ring of signing keys`);
  return keys;
}

function isRingKey(value: unknown): value is RingKey {
  const { jwk, createdAt, signsFrom, publishedUntil } = (value ?? {}) as Partial<RingKey>;
  return (
    typeof jwk?.kid === "string" &&
    jwk.alg === SIGNING_ALGORITHM &&
    typeof jwk.d === "string" &&
    [createdAt, signsFrom, publishedUntil ?? signsFrom].every((at) => !Number.isNaN(Date.parse(at ?? "")))
  );
}

/** Written beside and put in place: a reader sees the old ring or the new one, never half of one. */
async function writeRing(file: string, keys: KeyRing): Promise<KeyRing> {
  const beside = `${file}.new`;
  await writeFile(beside, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  await rename(beside, file);
  return keys;
}

async function underLock<T>(file: string, now: () => Date, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      await (await open(lock, "wx", 0o600)).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = now().getTime() - (await stat(lock).catch(() => ({ mtimeMs: now().getTime() }))).mtimeMs;
      if (age > LOCK_STALE_MS) await rm(lock, { force: true });
      else if (attempt >= 50) throw new Error(`${lock}: another process is changing the signing keys`);
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}
