import { readFile } from "node:fs/promises";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { BATCH_RECORDS_DEFAULT } from "./publish-records.js";
import { type Terminal, UsageError } from "./terminal.js";

const URL_DEFAULT = "http://127.0.0.1:4000";
const BATCH_RECORDS_MAX = 1_000_000;

/** The flags that every publishing command has. */
export const PUBLISH_FLAGS = {
  url: { type: "string", default: URL_DEFAULT },
  token: { type: "string" },
  "token-file": { type: "string" },
  "batch-records": { type: "string", default: String(BATCH_RECORDS_DEFAULT) },
  "key-prefix": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies NonNullable<ParseArgsConfig["options"]>;

export const PUBLISH_FLAGS_HELP = `  --url URL            the gateway (default ${URL_DEFAULT})
  --token-file FILE    file that holds the platform's access token
  --token TOKEN        the token itself (other accounts of the machine may see it in the process list)
                       without either: the environment variable XINQIAO_TOKEN
  --batch-records N    records in one request, 1 to ${BATCH_RECORDS_MAX} (default ${BATCH_RECORDS_DEFAULT});
                       resuming needs the same N
  --key-prefix TEXT    begins the idempotency keys; a new one publishes again what was published before
  -h, --help           this text`;

type Flags = NonNullable<ParseArgsConfig["options"]>;

/** Strict parsing: an unknown flag, a missing value or a stray argument is a UsageError. */
export function parseFlags<F extends Flags>(
  args: readonly string[],
  options: F,
): ReturnType<typeof parseArgs<{ args: string[]; options: F; allowPositionals: true; strict: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--help says more)`);
  }
}

/** The one positional argument. */
export function onePath(positionals: readonly string[], what: string): string {
  const [path, ...rest] = positionals;
  if (path === undefined) throw new UsageError(`${what} is missing (--help says more)`);
  if (rest.length > 0) throw new UsageError(`one ${what} only, but there is also: ${rest.join(" ")}`);
  return path;
}

interface PublishFlagValues {
  readonly url: string;
  readonly token?: string | undefined;
  readonly "token-file"?: string | undefined;
  readonly "batch-records": string;
  readonly "key-prefix"?: string | undefined;
}

export interface PublishSettings {
  readonly baseUrl: string;
  readonly token: string;
  readonly batchRecords: number;
  readonly keyPrefix: string;
}

/** The publishing flags, checked. @throws UsageError */
export async function readPublishSettings(
  flags: PublishFlagValues,
  terminal: Terminal,
  keyPrefix: string,
): Promise<PublishSettings> {
  const prefix = flags["key-prefix"] ?? keyPrefix;
  if (!/^[\x21-\x7e]{1,48}$/.test(prefix)) {
    throw new UsageError("--key-prefix must be 1 to 48 visible ASCII characters");
  }
  const batchRecords = Number(flags["batch-records"]);
  if (!/^\d+$/.test(flags["batch-records"]) || batchRecords < 1 || batchRecords > BATCH_RECORDS_MAX) {
    throw new UsageError(`--batch-records must be a whole number from 1 to ${BATCH_RECORDS_MAX}`);
  }
  return {
    baseUrl: readUrl(flags.url),
    token: await readToken(flags, terminal),
    batchRecords,
    keyPrefix: prefix,
  };
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--url must be an http or https address, not ${text}`);
  }
  if (url.search !== "" || url.hash !== "")
    throw new UsageError("--url must have neither query nor fragment");
  return url.href.replace(/\/+$/, "");
}

async function readToken(flags: PublishFlagValues, terminal: Terminal): Promise<string> {
  const file = flags["token-file"];
  if (flags.token !== undefined && file !== undefined)
    throw new UsageError("give --token or --token-file, not both");
  const token = (
    file === undefined ? (flags.token ?? terminal.envToken ?? "") : await readTokenFile(file)
  ).trim();
  if (token === "") {
    throw new UsageError("an access token is needed: --token-file FILE, --token TOKEN or XINQIAO_TOKEN");
  }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new UsageError("the token holds blanks or other characters no token has");
  return token;
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read the token file ${path}: ${(error as Error).message}`);
  }
}
