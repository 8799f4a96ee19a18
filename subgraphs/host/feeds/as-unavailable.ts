import { BureauError } from "../../../schema/errors.js";

// Classes of SQLSTATE after which the same request may succeed: connection, transaction rollback, resources,
// intervention.
const PASSING_CLASSES = ["08", "40", "53", "57"];
const PASSING_CODES = ["25P03", "55P03"];
// The driver gives these no code.
const CODELESS = [
  "Connection terminated",
  "timeout exceeded when trying to connect",
  "Client has encountered a connection error",
];
const NETWORK_CODES = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "ETIMEDOUT"];

/**
 * Rethrows what passes by itself as SERVICE_UNAVAILABLE, so that a platform retries with the same key; a refusal or
 * a bug stays what it is.
 */
export function asUnavailable(error: unknown): never {
  if (isPassing(error))
    throw new BureauError("SERVICE_UNAVAILABLE", "the database did not carry the batch", { cause: error });
  throw error;
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof BureauError) return false;
  const { code, syscall } = error as Error & { code?: unknown; syscall?: unknown };
  if (typeof code === "string") {
    if (NETWORK_CODES.includes(code)) return syscall !== undefined;
    return code.length === 5 && (PASSING_CLASSES.includes(code.slice(0, 2)) || PASSING_CODES.includes(code));
  }
  return CODELESS.some((start) => error.message.startsWith(start));
}
