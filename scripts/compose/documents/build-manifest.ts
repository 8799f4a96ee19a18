import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { ConfigError } from "../../../foundation/config.js";
import { readSources } from "../../../gateway/receive/documents/read-sources.js";
import { type TrustedDocument, trustDocument } from "../../../gateway/receive/documents/trusted-documents.js";
import { OPERATION_LIMITS } from "../../../gateway/receive/limits.js";
import { readApiSchema } from "./api-schema.js";
import { MANIFEST_FORMATS, typeOf, writeManifest } from "./write-manifest.js";

const HELP = `Builds a manifest of trusted documents from a folder of .graphql files (docs/trusted-documents.md).

  npm run documents -- DIR                    judge each document as a gateway does at its start, and print its id
  npm run documents -- DIR --out FILE         write the manifest too: {"<sha256>": "<text>"}
  npm run documents -- DIR --check FILE       write nothing; fail when FILE is not that manifest
      --format apollo                         Apollo's persisted query manifest, version 1
      --introspection                         the gateway answers introspection (XINQIAO_INTROSPECTION)

DIR may be a manifest of either kind as well. Each file holds one operation and its fragments; its id is the SHA-256 of the
file as it lies there.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ConfigError || isUsage(error))) throw error;
    const told = error instanceof ConfigError ? error.problems : [error.message];
    process.stderr.write(`${told.join("\n")}\n`);
    return 1;
  }
}

function isUsage(error: unknown): error is Error {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean" },
      out: { type: "string" },
      check: { type: "string" },
      format: { type: "string", default: "plain" },
      introspection: { type: "boolean", default: false },
    },
  });
  if (values.help === true) return (process.stdout.write(HELP), 0);
  const [place, ...more] = positionals;
  const format = MANIFEST_FORMATS.find((known) => known === values.format);
  if (place === undefined || more.length > 0 || format === undefined) {
    process.stderr.write(HELP);
    return 1;
  }
  const documents = await readTrusted(place, values.introspection);
  for (const trusted of documents)
    process.stdout.write(
      `sha256:${trusted.id}  ${typeOf(trusted)} ${trusted.operationName ?? "(no name)"}\n`,
    );
  const manifest = writeManifest(documents, format);
  if (values.out !== undefined) await writeFile(values.out, manifest);
  if (values.check === undefined) return 0;
  const found = await readFile(values.check, "utf8").catch(() => undefined);
  if (found === manifest) return 0;
  process.stderr.write(`${values.check} is not the manifest of ${place}; write it with --out\n`);
  return 1;
}

/** @throws ConfigError with one sentence for each document that no gateway would trust */
async function readTrusted(place: string, introspection: boolean): Promise<readonly TrustedDocument[]> {
  const sources = await readSources(place);
  const reading = { schema: await readApiSchema(), limits: OPERATION_LIMITS, introspection };
  const judged = sources.map((source) => ({ source, trusted: trustDocument(source, reading) }));
  const problems = judged.flatMap(({ source, trusted }) =>
    typeof trusted === "string" ? [`${source.from}: ${trusted}`] : [],
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return judged.flatMap(({ trusted }) => (typeof trusted === "string" ? [] : [trusted]));
}
