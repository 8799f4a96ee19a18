import type { Clock } from "../../foundation/clock.js";
import { randomId } from "../../foundation/ids.js";
import { sha256Base64url } from "../../foundation/tokens.js";
import type { PermitClaims, PermitGrant } from "../../schema/claims.js";
import type { Authorized } from "../inquiry.js";

/** The issuer name in permits. */
export const PERMIT_ISSUER = "xinqiao-gateway";
const PERMIT_LIFETIME_SECONDS = 5;

/** Signs the assertion for one request to one subgraph. */
export type SignPermit = (
  authorized: Authorized,
  request: {
    readonly subgraph: string;
    readonly body: string;
    readonly merchants: ReadonlySet<string> | undefined;
  },
) => string | Promise<string>;

/** The permit names only the merchants that the request touches (all of the operation's when it names none). */
export function createSignPermit(
  sign: (claims: Readonly<Record<string, unknown>>) => string | Promise<string>,
  issuer: string,
  clock: Clock,
): SignPermit {
  return (authorized, { subgraph, body, merchants }) => {
    const iat = Math.floor(clock.now().getTime() / 1000);
    const claims: PermitClaims = {
      iss: issuer,
      aud: subgraph,
      iat,
      exp: iat + PERMIT_LIFETIME_SECONDS,
      jti: randomId(),
      sub: authorized.principal.id,
      party: authorized.principal.party,
      scope: [...authorized.principal.scopes].join(" "),
      ...(authorized.principal.signatory === undefined ? {} : { signatory: authorized.principal.signatory }),
      body: sha256Base64url(body),
      grants: grantsOf(authorized, merchants),
    };
    return sign({ ...claims });
  };
}

/** Equal for requests that a subgraph answers alike: the same body, asker and grants, under whichever inquiry. */
export function shareKeyOf(
  authorized: Authorized,
  { body, merchants }: { readonly body: string; readonly merchants: ReadonlySet<string> | undefined },
): string {
  const { party, id, signatory, scopes } = authorized.principal;
  const grants = grantsOf(authorized, merchants).map(({ inquiry: _inquiry, ...grant }) => grant);
  return JSON.stringify([party, id, signatory ?? null, [...scopes], grants, body]);
}

function grantsOf(authorized: Authorized, merchants: ReadonlySet<string> | undefined): PermitGrant[] {
  const grants: PermitGrant[] = [];
  for (const inquiry of authorized.inquiries.values()) {
    if (inquiry.granted.size === 0 || merchants?.has(inquiry.merchant) === false) continue;
    grants.push({
      inquiry: inquiry.id,
      merchant: inquiry.merchant,
      categories: [...inquiry.granted],
      records: [...inquiry.records],
      ...(inquiry.accounts === undefined ? {} : { accounts: inquiry.accounts }),
      ...(inquiry.consent === undefined
        ? {}
        : { consent: `${inquiry.consent.terms.consentId}/${inquiry.consent.terms.version}` }),
      ...(inquiry.months === undefined ? {} : { months: inquiry.months }),
    });
  }
  return grants;
}
