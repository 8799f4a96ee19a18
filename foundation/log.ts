import { type DestinationStream, destination, type Logger as PinoLogger, pino } from "pino";

/** A structured log: one JSON object a line. */
export type Logger = PinoLogger;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** The process: `gateway`, `subgraph:transactions`, … */
  readonly name: string;
  readonly level: LogLevel;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream;
}

const HIDDEN = "[hidden]";
const DEPTH_MAX = 6;
const SECRET_NAME =
  /authorization|cookie|token|secret|password|passphrase|assertion|private|^dpop$|^api-?key$|connectionstring/i;
/** A compact JWS or JWE, wherever it stands. */
const TOKEN = /eyJ[\w-]{5,}\.[\w-]+\.[\w-]*(?:\.[\w-]*){0,2}/g;
const CREDENTIAL = /\b(Bearer|DPoP|Basic) +[\w.~+/-]{8,}=*/gi;
/** JSON escapes what is below U+0020; a terminal also obeys U+007F to U+009F, and a reader is misled by the rest. */
const MISLEADING = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A log that keeps no credential: fields whose name tells of one, and anything shaped like one in any text, are hidden;
 * control characters cannot fake a line or drive a terminal.
 */
export function createLogger(options: LoggerOptions): Logger {
  const out = options.destination ?? destination({ fd: 1, sync: false });
  const settings = {
    name: options.name,
    level: options.level,
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => hideFields(fields, 0) as Record<string, unknown>,
    },
  };
  return pino(settings, { write: (line: string) => out.write(cleanLine(line)) });
}

function hideFields(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEPTH_MAX) return "[deep]";
  if (Array.isArray(value)) return value.map((item) => hideFields(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  // Errors, requests and the like have serializers of their own; what those print is cleaned as text.
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value).map(([name, item]) => [
    name,
    SECRET_NAME.test(name) && item !== undefined ? HIDDEN : hideFields(item, depth + 1),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function cleanLine(line: string): string {
  return line
    .replace(TOKEN, HIDDEN)
    .replace(CREDENTIAL, `$1 ${HIDDEN}`)
    .replace(MISLEADING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
