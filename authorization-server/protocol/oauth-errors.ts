import { BureauError } from "../../schema/errors.js";
import { errors } from "../provider.js";

/** The store is out of reach (RFC 6749 section 4.1.2.1): nothing was decided, and the same request may come again. */
export class TemporarilyUnavailable extends errors.OIDCProviderError {
  constructor(cause: unknown) {
    super(503, "temporarily_unavailable", { cause: cause as Error });
    this.error_description = "the authorization server cannot answer now";
    this.expose = true;
  }
}

/** An error of ours as the protocol's; anything else as it came: a bug is masked by the server. */
export function asOAuthError(error: unknown): unknown {
  if (!(error instanceof BureauError)) return error;
  const { code, facts, detail } = error;
  const told = describe(typeof facts["problem"] === "string" ? facts["problem"] : (detail ?? error.message));
  switch (code) {
    case "PURPOSE_CEILING_EXCEEDED":
    case "BAD_USER_INPUT":
      return new errors.InvalidAuthorizationDetails(`${code}: ${told}`, { cause: error });
    case "RATE_LIMITED":
      return new errors.AccessDenied(
        describe(`${code}: ${String(facts.rule ?? told)}; ask again ${retryOf(facts)}`),
        {
          cause: error,
        },
      );
    case "CONFLICT":
    case "FORBIDDEN":
    case "NOT_FOUND":
    case "SIGNATORY_NOT_REGISTERED":
      return new errors.AccessDenied(`${code}: ${told}`, { cause: error });
    case "SERVICE_UNAVAILABLE":
    case "CONSENT_UNKNOWN":
      return new TemporarilyUnavailable(error);
    default:
      return error;
  }
}

function retryOf(facts: Readonly<Record<string, unknown>>): string {
  return typeof facts["retryAt"] === "string" ? `after ${facts["retryAt"]}` : "later";
}

/** RFC 6749 section 5.2: `error_description` is printable ASCII without quotation marks and backslashes. */
export function describe(text: string): string {
  return text
    .replace(/["\\]/g, "'")
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 500);
}

/** Runs work of ours inside the protocol. @throws OIDCProviderError for whatever is expected */
export async function inProtocol<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asOAuthError(error);
  }
}
