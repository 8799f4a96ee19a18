import { CATEGORIES, type Category } from "../../schema/categories.js";
import { type Principal, PROFILE_DETAIL_TYPE, type ProfileDetail } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import { PARTIES, type Party, type Scope, SCOPES } from "../../schema/parties.js";
import { type Purpose, PURPOSES } from "../../schema/purposes.js";

const ID = /^[\x21-\x7e]{1,128}$/;
const DETAILS_MAX = 20;
const DETAIL_MEMBERS = new Set(["type", "purposes", "datatypes", "merchants"]);

/**
 * Reads the claims of a verified access token (RFC 9068 section 2.2, RFC 9396 section 9.1) into a principal.
 * An unknown member or type of an authorization detail refuses the token: what is not understood is not enforced.
 * @throws TOKEN_INVALID
 */
export function readClaims(claims: Readonly<Record<string, unknown>>): Principal {
  const { iss, jti, sub, client_id: clientId, exp, scope, party } = claims;
  if (!isParty(party)) throw invalid("party");
  if (!isId(sub) || !isId(clientId) || !isId(jti)) throw invalid("sub, client_id or jti");
  if (typeof scope !== "string") throw invalid("scope");
  return {
    party,
    id: sub,
    clientId,
    scopes: new Set(scope.split(" ").filter(isScope)),
    details: readDetails(claims["authorization_details"]),
    tokenKey: `${String(iss)}|${jti}`,
    expiresAt: new Date(Number(exp) * 1000),
  };
}

function readDetails(value: unknown): ProfileDetail[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > DETAILS_MAX) throw invalid("authorization_details");
  return value.map(readDetail);
}

function readDetail(value: unknown): ProfileDetail {
  if (typeof value !== "object" || value === null) throw invalid("authorization_details");
  for (const member of Object.keys(value))
    if (!DETAIL_MEMBERS.has(member)) throw invalid(`unknown member of authorization_details`);
  const { type, purposes, datatypes, merchants } = value as Record<string, unknown>;
  if (type !== PROFILE_DETAIL_TYPE) throw invalid("type of authorization_details");
  const detail = {
    type: PROFILE_DETAIL_TYPE,
    purposes: listOf<Purpose>(purposes, PURPOSES, "purposes"),
    datatypes: listOf<Category>(datatypes, CATEGORIES, "datatypes"),
  } as const;
  if (merchants === undefined) return detail;
  if (!Array.isArray(merchants) || !merchants.every(isId)) throw invalid("merchants");
  return { ...detail, merchants };
}

function listOf<T extends string>(value: unknown, known: readonly T[], what: string): T[] {
  if (
    !Array.isArray(value) ||
    !value.every((item): item is T => (known as readonly unknown[]).includes(item))
  )
    throw invalid(what);
  return value;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

function isParty(value: unknown): value is Party {
  return (PARTIES as readonly unknown[]).includes(value);
}

function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value);
}

function invalid(what: string): BureauError {
  return new BureauError("TOKEN_INVALID", `claim refused: ${what}`);
}
