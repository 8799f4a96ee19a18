import { BureauError } from "../../schema/errors.js";
import type { Scheme } from "../http/challenge.js";
import type { RequestFacts } from "../http/request-facts.js";

export interface Credentials {
  readonly scheme: Scheme;
  readonly token: string;
}

/** The `token68` of RFC 9110 section 11.2 behind a scheme of any case. */
const AUTHORIZATION = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * Takes the access token from the one Authorization header. A token in the address is refused even beside a good header:
 * addresses end up in logs (RFC 9700 section 4.3.2).
 * @throws UNAUTHENTICATED
 */
export function readCredentials({ authorization, url }: RequestFacts): Credentials {
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  if (new URLSearchParams(query).has("access_token"))
    throw new BureauError("UNAUTHENTICATED", "a token in the address");
  const [value, ...others] = authorization;
  if (value === undefined) throw new BureauError("UNAUTHENTICATED");
  if (others.length > 0) throw new BureauError("UNAUTHENTICATED", "more than one Authorization header");
  const [, scheme, token] = AUTHORIZATION.exec(value) ?? [];
  if (scheme === undefined || token === undefined)
    throw new BureauError("UNAUTHENTICATED", "no Bearer or DPoP token in the header");
  return { scheme: scheme.toLowerCase() === "dpop" ? "DPoP" : "Bearer", token };
}

/** The scheme that a request tried, for the challenge that answers it. */
export function schemeOf(authorization: string | undefined): Scheme {
  return /^dpop\b/i.test(authorization ?? "") ? "DPoP" : "Bearer";
}
