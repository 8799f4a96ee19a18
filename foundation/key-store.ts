import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { generateSigningKey, type Key } from "./tokens.js";

/**
 * Reads a private signing key from a JWK file (mode 0600), making it on first use. Two processes that start together
 * agree on one key: the file is created exclusively, and the loser reads the winner's.
 * @throws Error when the file exists and holds no JWK
 */
export async function loadOrCreateKey(file: string, algorithm: "EdDSA" | "ES256" = "EdDSA"): Promise<Key> {
  const known = await readKey(file);
  if (known !== undefined) return known;
  const key = await generateSigningKey(algorithm);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(file, `${JSON.stringify(key)}\n`, { flag: "wx", mode: 0o600 });
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await readKey(file)) ?? key;
  }
}

/** The key in a JWK file, or `undefined` where there is no file. */
export async function readKey(file: string): Promise<Key | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const key = JSON.parse(text) as Key;
  if (typeof key.kty !== "string" || typeof key.kid !== "string")
    throw new Error(`${file} holds no JWK with kty and kid`);
  return key;
}

/** A random secret of 32 bytes in a file (mode 0600), made on first use. */
export async function loadOrCreateSecret(file: string, create: () => string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const secret = create();
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${secret}\n`, { flag: "wx", mode: 0o600 });
  return secret;
}
