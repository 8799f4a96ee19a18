/** Why publishing stopped. `code` is the gateway's own, or one of the client's below. */
export type FeedClientCode = "CONNECTION_FAILED" | "RESPONSE_INVALID" | "RECORDS_UNACCOUNTED" | "INTERRUPTED";

/** A publish that cannot go on; what was acknowledged before it stays, and a repeat resumes behind it. */
export class FeedClientError extends Error {
  readonly code: string;
  /** HTTP status, where the gateway answered. */
  readonly status: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FeedClientError";
    this.code = code;
    this.status = options.status;
  }
}

/** An error of the client's own, by a code that the compiler knows. */
export function clientError(code: FeedClientCode, message: string, cause?: unknown): FeedClientError {
  return new FeedClientError(code, message, { cause });
}
