import { CATEGORIES, type Category, type Level, LEVELS } from "../../schema/categories.js";
import {
  type Binding,
  type Principal,
  PROFILE_DETAIL_TYPE,
  type ProfileDetail,
} from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import { PARTIES, type Party, type Scope, SCOPES } from "../../schema/parties.js";
import { type Purpose, PURPOSES } from "../../schema/purposes.js";

const ID = /^[\x21-\x7e]{1,128}$/;
/** base64url of 32 bytes. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const DETAILS_MAX = 20;
const DETAIL_MEMBERS = new Set(["type", "purposes", "datatypes", "merchants", "privileges"]);

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
  const issuer = String(iss);
  const binding = readBinding(claims["cnf"]);
  const { signatory, grant_id: grantId } = claims;
  if (signatory !== undefined && !isId(signatory)) throw invalid("signatory");
  if (grantId !== undefined && !isId(grantId)) throw invalid("grant_id");
  return {
    party,
    id: sub,
    clientId,
    scopes: new Set(scope.split(" ").filter(isScope)),
    details: readDetails(claims["authorization_details"]),
    signatory,
    binding,
    credentials: [
      { kind: "CLIENT", id: `${issuer}|${clientId}` },
      { kind: "TOKEN", id: `${issuer}|${jti}` },
      ...(grantId === undefined ? [] : [{ kind: "GRANT" as const, id: `${issuer}|${grantId}` }]),
      ...(binding === undefined ? [] : [{ kind: "KEY" as const, id: `${issuer}|${thumbprintOf(binding)}` }]),
    ],
    tokenKey: `${issuer}|${jti}`,
    expiresAt: new Date(Number(exp) * 1000),
  };
}

/** RFC 7800 section 3.1: a confirmation that is not understood binds to something that cannot be checked. */
function readBinding(cnf: unknown): Binding | undefined {
  if (cnf === undefined) return undefined;
  const [member, ...others] = typeof cnf === "object" && cnf !== null ? Object.entries(cnf) : [];
  if (member === undefined || others.length > 0) throw invalid("cnf");
  const [method, thumbprint] = member as [string, unknown];
  if (typeof thumbprint !== "string" || !THUMBPRINT.test(thumbprint)) throw invalid("cnf");
  if (method === "jkt") return { jkt: thumbprint };
  if (method === "x5t#S256") return { "x5t#S256": thumbprint };
  throw invalid("cnf");
}

function thumbprintOf(binding: Binding): string {
  return "jkt" in binding ? binding.jkt : binding["x5t#S256"];
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
  const { type, purposes, datatypes, merchants, privileges } = value as Record<string, unknown>;
  if (type !== PROFILE_DETAIL_TYPE) throw invalid("type of authorization_details");
  const detail = {
    type: PROFILE_DETAIL_TYPE,
    purposes: listOf<Purpose>(purposes, PURPOSES, "purposes"),
    datatypes: listOf<Category>(datatypes, CATEGORIES, "datatypes"),
    ...(privileges === undefined ? {} : { privileges: listOf<Level>(privileges, LEVELS, "privileges") }),
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
