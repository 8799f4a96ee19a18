import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "../../../foundation/config.js";
import { sha256Hex } from "../../../foundation/tokens.js";

/** A text that somebody wants trusted, under the id that it is called by. */
export interface DocumentSource {
  /** Lower-case hex SHA-256 of `text`, encoded as UTF-8. */
  readonly id: string;
  readonly text: string;
  /** Where it stands, for whoever has to mend it. */
  readonly from: string;
}

const MANIFEST_BYTES_MAX = 32 * 1024 * 1024;
const DOCUMENT_BYTES_MAX = 256 * 1024;
const DOCUMENTS_MAX = 10_000;
const APOLLO_FORMAT = "apollo-persisted-query-manifest";

/**
 * Reads trusted documents from a folder of `.graphql` and `.gql` files (each one document, its id the hash of the file as it
 * lies there), or from a manifest: `{"<sha256>": "<text>"}` as GraphQL Codegen writes it, or Apollo's persisted query
 * manifest, version 1. At most 10,000 documents; a manifest of at most 32 MiB.
 * @throws ConfigError with one sentence for each entry whose id is not the hash of its text, or that cannot be read
 */
export async function readSources(place: string): Promise<readonly DocumentSource[]> {
  const entry = await stat(place).catch(() => undefined);
  if (entry === undefined) throw new ConfigError([`${place}: there is no such file or folder`]);
  const sources = entry.isDirectory() ? await readFolder(place) : await readManifest(place);
  if (sources.length === 0) throw new ConfigError([`${place}: it holds no documents`]);
  if (sources.length > DOCUMENTS_MAX)
    throw new ConfigError([`${place}: it holds more than ${DOCUMENTS_MAX} documents`]);
  return sources;
}

async function readFolder(folder: string): Promise<readonly DocumentSource[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(graphql|gql)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  return Promise.all(
    files.map(async (file) => {
      const text = await readText(file, DOCUMENT_BYTES_MAX);
      return { id: sha256Hex(text), text, from: file };
    }),
  );
}

async function readManifest(file: string): Promise<readonly DocumentSource[]> {
  const text = await readText(file, MANIFEST_BYTES_MAX);
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw new ConfigError([`${file}: it is not JSON`]);
  }
  if (typeof manifest !== "object" || manifest === null || Array.isArray(manifest))
    throw new ConfigError([`${file}: a manifest is a JSON object`]);
  const pairs = "format" in manifest ? apolloPairs(manifest, file) : Object.entries(manifest);
  const problems: string[] = [];
  const sources = new Map<string, DocumentSource>();
  for (const [key, body] of pairs) {
    const from = `${file}, document ${JSON.stringify(key)}`;
    const source = readPair(key, body);
    if (typeof source === "string") problems.push(`${from}: ${source}`);
    else if (sources.has(source.id)) problems.push(`${from}: it stands there twice`);
    else sources.set(source.id, { ...source, from });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return [...sources.values()];
}

function apolloPairs(manifest: object, file: string): readonly (readonly [unknown, unknown])[] {
  const { format, version, operations } = manifest as Readonly<Record<string, unknown>>;
  if (format !== APOLLO_FORMAT || version !== 1 || !Array.isArray(operations))
    throw new ConfigError([`${file}: format must be ${APOLLO_FORMAT}, version 1, with a list of operations`]);
  return operations.map((operation: unknown) => {
    const { id, body } = (operation ?? {}) as Readonly<Record<string, unknown>>;
    return [id, body];
  });
}

/** An entry of a manifest, or in one sentence what is wrong with it. */
function readPair(key: unknown, body: unknown): Omit<DocumentSource, "from"> | string {
  const [, id] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(typeof key === "string" ? key : "") ?? [];
  if (id === undefined) return "its id is not 64 lower-case hexadecimal digits, a SHA-256";
  if (typeof body !== "string") return "its text is not a string";
  if (/\p{Surrogate}/u.test(body)) return "its text is not well-formed Unicode";
  const actual = sha256Hex(body);
  return actual === id ? { id, text: body } : `its id is not the SHA-256 of its text, which is ${actual}`;
}

/** The text of a file, byte-order mark and all: its hash is that of the file. @throws ConfigError */
async function readText(file: string, bytesMax: number): Promise<string> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) throw new ConfigError([`${file}: it cannot be read`]);
  if (bytes.length > bytesMax) throw new ConfigError([`${file}: it is longer than ${bytesMax} bytes`]);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ConfigError([`${file}: it is not UTF-8`]);
  }
}
