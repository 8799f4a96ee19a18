import type { Clock } from "../../foundation/clock.js";
import { randomId } from "../../foundation/ids.js";
import type { Signer } from "../../foundation/tokens.js";
import { CATEGORIES, type Category, type Level } from "../../schema/categories.js";
import { PROFILE_DETAIL_TYPE, type ProfileDetail } from "../../schema/claims.js";
import { DEFAULT_SCOPES, type Party, type Scope } from "../../schema/parties.js";
import { type Purpose, PURPOSES } from "../../schema/purposes.js";

/** What a token should say. */
export interface TokenRequest {
  readonly party: Party;
  /** Bank id, USCC, platform id or officer id. */
  readonly id: string;
  readonly scopes?: readonly Scope[];
  /** Banks only; default all purposes and all categories. */
  readonly purposes?: readonly Purpose[];
  readonly categories?: readonly Category[];
  readonly merchants?: readonly string[];
  /** How closely a bank may read; default SUMMARY only. */
  readonly privileges?: readonly Level[];
  /** 1 to 86,400; default 3,600. */
  readonly lifetimeSeconds?: number;
  /** RFC 7638 thumbprint of the client's key: binds the token to it (RFC 9449 section 6.1). */
  readonly jkt?: string;
}

export interface IssuerOptions {
  readonly signer: Signer;
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
}

/**
 * Makes access tokens (RFC 9068) for tests and the demo, which trust its key. WARNING: whoever holds the key is every bank
 * and merchant; a gateway that people use trusts the authorization server, or an issuer of the operator's own.
 */
export function createTestIssuer(options: IssuerOptions): (request: TokenRequest) => Promise<string> {
  return async (request) => {
    const iat = Math.floor(options.clock.now().getTime() / 1000);
    const details = request.party === "bank" ? { authorization_details: [detailOf(request)] } : {};
    return options.signer.sign("at+jwt", {
      iss: options.issuer,
      aud: options.audience,
      sub: request.id,
      client_id: `${request.party}:${request.id}`,
      party: request.party,
      scope: (request.scopes ?? DEFAULT_SCOPES[request.party]).join(" "),
      iat,
      exp: iat + (request.lifetimeSeconds ?? 3_600),
      jti: randomId(),
      ...details,
      ...(request.jkt === undefined ? {} : { cnf: { jkt: request.jkt } }),
    });
  };
}

function detailOf(request: TokenRequest): ProfileDetail {
  return {
    type: PROFILE_DETAIL_TYPE,
    purposes: request.purposes ?? PURPOSES.filter((purpose) => purpose !== "OWN_QUERY"),
    datatypes: request.categories ?? CATEGORIES,
    ...(request.merchants === undefined ? {} : { merchants: request.merchants }),
    ...(request.privileges === undefined ? {} : { privileges: request.privileges }),
  };
}
