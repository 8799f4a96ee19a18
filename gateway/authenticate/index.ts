import { TokenError, type TokenVerifier } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";
import type { Authenticated } from "../inquiry.js";
import { readClaims } from "./read-claims.js";

/** Turns the Authorization header of a request into a principal. */
export type Authenticate = (request: {
  readonly authorization: string | undefined;
  readonly requestId: string;
}) => Promise<Authenticated>;

const BEARER = /^Bearer +([^ ,]+)$/i;

/**
 * Builds the second station: a bearer token in the header only (RFC 6750 section 2.1), verified, then read.
 * @throws UNAUTHENTICATED, TOKEN_INVALID, TOKEN_EXPIRED, SERVICE_UNAVAILABLE when the key set cannot be read
 */
export function createAuthenticate(verify: TokenVerifier): Authenticate {
  return async ({ authorization, requestId }) => {
    if (authorization === undefined) throw new BureauError("UNAUTHENTICATED");
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new BureauError("UNAUTHENTICATED", "no bearer token in the header");
    const claims = await verify(token).catch((error: unknown) => {
      throw asBureauError(error);
    });
    return { principal: readClaims(claims), requestId } as Authenticated;
  };
}

function asBureauError(error: unknown): BureauError {
  if (!(error instanceof TokenError)) return new BureauError("TOKEN_INVALID", "unexpected", { cause: error });
  switch (error.kind) {
    case "expired":
      return new BureauError("TOKEN_EXPIRED", error.reason, { cause: error });
    case "keys-unavailable":
      return new BureauError("SERVICE_UNAVAILABLE", error.reason, { cause: error });
    case "invalid":
      return new BureauError("TOKEN_INVALID", error.reason, { cause: error });
    default:
      return error.kind satisfies never;
  }
}
