import { createHash } from "node:crypto";
import type { Client, Grant, KoaContextWithOIDC } from "oidc-provider";
import type Provider from "oidc-provider";
import type { ProfileDetail } from "../../schema/claims.js";
import type { AskedConsent, ConsentDesk, DeskRequest, LinkGrant } from "../../schema/ports.js";
import type { Purpose } from "../../schema/purposes.js";
import type { Credentials } from "../credentials.js";
import { describe } from "../protocol/oauth-errors.js";
import { errors } from "../provider.js";
import { partyOf } from "../protocol/token-claims.js";
import {
  DetailProblem,
  detailsOf,
  isWithin,
  joinConsents,
  readAccessDetail,
  readConsentDetail,
} from "./profile-detail.js";

const DETAILS_MAX = 20;

/** Details as they came in a request, parsed. @throws InvalidAuthorizationDetails */
function parseDetails(text: unknown): readonly unknown[] {
  let details: unknown;
  try {
    details = JSON.parse(String(text));
  } catch {
    details = undefined;
  }
  if (!Array.isArray(details) || details.length === 0 || details.length > DETAILS_MAX)
    throw new errors.InvalidAuthorizationDetails(`authorization_details must be 1 to ${DETAILS_MAX} details`);
  return details;
}

/**
 * The one consent that a bank asks for with a request: one detail, or two that differ in how closely their categories are
 * to be read. @throws InvalidAuthorizationDetails
 */
export function askedConsentOf(client: Client, params: Readonly<Record<string, unknown>>): AskedConsent {
  if (params["authorization_details"] === undefined)
    throw new errors.InvalidAuthorizationDetails("authorization_details must say which consent is asked for");
  const { partyId } = partyOf(client);
  const asked = told(() => joinConsents(parseDetails(params["authorization_details"]), partyId));
  requirePurposes(client, [asked.purpose]);
  return asked;
}

/**
 * Judges one detail where it enters: what a token shall open at the token endpoint, a consent that is asked for
 * everywhere else. @throws InvalidAuthorizationDetails
 */
export async function validateDetail(
  ctx: KoaContextWithOIDC,
  { detail, client, desk }: { readonly detail: unknown; readonly client: Client; readonly desk: ConsentDesk },
): Promise<void> {
  if (ctx.oidc.route === "token") {
    const access = told(() => readAccessDetail(detail));
    return requirePurposes(client, access.purposes);
  }
  const asked = told(() => readConsentDetail(detail, partyOf(client).partyId));
  requirePurposes(client, [asked.purpose]);
  await desk.judge(asked);
}

/**
 * What a token opens: what was granted, or less where the request at the token endpoint asks for less (RFC 9396 section
 * 6). A client that acts for itself gets what it asks for: the ledger decides with each inquiry.
 * @throws InvalidAuthorizationDetails when more is asked for than was granted
 */
export function grantedDetails(
  ctx: KoaContextWithOIDC,
  source: { readonly rar?: unknown } | undefined,
): readonly ProfileDetail[] | undefined {
  const text = ctx.oidc.params?.["authorization_details"];
  const asked =
    text === undefined ? undefined : parseDetails(text).map((detail) => told(() => readAccessDetail(detail)));
  if (source === undefined) return asked;
  const granted = source.rar as readonly ProfileDetail[] | undefined;
  if (asked === undefined) return granted;
  if (!asked.every((detail) => isWithin(detail, granted ?? [])))
    throw new errors.InvalidAuthorizationDetails("more is asked for than was granted");
  return asked;
}

function requirePurposes(client: Client, purposes: readonly Purpose[]): void {
  const allowed = client["purposes"] as readonly Purpose[] | undefined;
  const stranger = purposes.find(
    (purpose) => purpose === "OWN_QUERY" || (allowed !== undefined && !allowed.includes(purpose)),
  );
  if (stranger !== undefined)
    throw new errors.InvalidAuthorizationDetails(`the client may not ask for the purpose ${stranger}`);
}

function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DetailProblem)) throw error;
    throw new errors.InvalidAuthorizationDetails(describe(error.message));
  }
}

/** Who gets a grant, and for which scopes. */
export interface Grantee {
  readonly clientId: string;
  readonly accountId: string;
  readonly scopes: readonly string[];
  readonly resource: string;
}

export interface GrantParts {
  readonly provider: Provider;
  readonly linkGrant: LinkGrant;
  readonly credentials: Credentials;
  readonly now: () => Date;
}

/**
 * Makes the OAuth grant of a consent, and ties the two. One consent, one grant: its id follows from the request, so that
 * whoever comes twice, at two instances or after a crash, finds the same one.
 * @throws AccessDenied when the consent or its grant was ended, or rests on a grant to another client
 */
export async function makeConsentGrant(
  request: DeskRequest,
  grantee: Grantee,
  { provider, linkGrant, credentials, now }: GrantParts,
): Promise<Grant> {
  const { granted, merchant, purpose, requestId } = request;
  if (request.state !== "GRANTED" || granted === undefined)
    throw new errors.AccessDenied(`the request is ${request.state}`);
  const grantId = createHash("sha256").update(`${requestId}|${grantee.clientId}`).digest("base64url");
  const isTied = await linkGrant(merchant, granted.consentId, credentials.nameOf(grantId));
  if (!isTied) throw new errors.AccessDenied("the grant was ended");
  const seconds = Math.max(1, Math.floor((Date.parse(granted.expiresAt) - now().getTime()) / 1_000));
  const grant = new provider.Grant({
    accountId: grantee.accountId,
    clientId: grantee.clientId,
    expiresIn: seconds,
  } as ConstructorParameters<Provider["Grant"]>[0]);
  grant.jti = grantId;
  grant.addOIDCScope(grantee.scopes.join(" "));
  grant.addResourceScope(grantee.resource, grantee.scopes.filter((scope) => scope !== "openid").join(" "));
  for (const detail of detailsOf(merchant, purpose, granted)) grant.addRar({ ...detail });
  await grant.save();
  return grant;
}
