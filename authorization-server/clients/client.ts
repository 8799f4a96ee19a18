import { isIP } from "node:net";
import { type KeySet, lintKey } from "../../foundation/tokens.js";
import { PROFILE_DETAIL_TYPE } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import { DEFAULT_SCOPES, type Party, PARTIES } from "../../schema/parties.js";
import { type Purpose, PURPOSES } from "../../schema/purposes.js";

/** A piece of software that may ask for tokens, and the party it speaks for. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly party: Party;
  /** Bank id, platform id or officer id. A merchants' app has an id of its own; its tokens name the merchant who signed in. */
  readonly partyId: string;
  /** Shown to merchants before they consent. */
  readonly name: string;
  /** Public keys with which it proves who it is (RFC 7523); no other way is offered. */
  readonly jwks: KeySet;
  /** Exact addresses; for banks and merchants' apps that send merchants here. */
  readonly redirectUris: readonly string[];
  /** Banks: the purposes that it may ask for; all of a bank's where absent. */
  readonly purposes?: readonly Purpose[];
}

/** What {@link ClientRegistration} may say; one sentence for each thing that is wrong, none when it may be registered. */
export function findClientProblems(client: ClientRegistration): readonly string[] {
  const problems: string[] = [];
  if (!CLIENT_ID.test(client.clientId))
    problems.push("the client id must be 1 to 64 letters, digits, dots, underscores or hyphens");
  if (!(PARTIES as readonly string[]).includes(client.party))
    problems.push(`the party must be one of ${PARTIES.join(", ")}`);
  if (!PARTY_ID.test(client.partyId))
    problems.push("the party's id must be 1 to 128 visible ASCII characters");
  if (!NAME.test(client.name)) problems.push("the name must be a line of 1 to 100 characters");
  problems.push(...findKeyProblems(client.jwks), ...findRedirectProblems(client));
  const strange = client.purposes?.find((purpose) => !BANK_PURPOSES.includes(purpose));
  if (strange !== undefined) problems.push(`${strange} is no purpose of banks`);
  if (client.purposes !== undefined && client.party !== "bank") problems.push("only a bank has purposes");
  return problems;
}

/** @throws BAD_USER_INPUT with every problem */
export function requireValidClient(client: ClientRegistration): void {
  const problems = findClientProblems(client);
  if (problems.length > 0)
    throw new BureauError("BAD_USER_INPUT", problems.join("; "), { facts: { problems } });
}

const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PARTY_ID = /^[\x21-\x7e]{1,128}$/;
const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u;
const KEYS_MAX = 10;
const REDIRECT_URIS_MAX = 10;
const BANK_PURPOSES: readonly Purpose[] = PURPOSES.filter((purpose) => purpose !== "OWN_QUERY");
/** Signature algorithms of FAPI 2.0 (section 5.4.1), by type of key. */
const KEY_ALGORITHMS: Readonly<Record<string, string>> = {
  "EC P-256": "ES256",
  "OKP Ed25519": "EdDSA",
  RSA: "PS256",
};

function findKeyProblems({ keys }: KeySet): readonly string[] {
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > KEYS_MAX)
    return [`a client has 1 to ${KEYS_MAX} public keys`];
  const problems: string[] = [];
  const names = new Set<unknown>();
  for (const key of keys) {
    const kind = key.kty === "RSA" ? "RSA" : `${key.kty} ${key.crv}`;
    const algorithm = Object.hasOwn(KEY_ALGORITHMS, kind) ? KEY_ALGORITHMS[kind] : undefined;
    if (algorithm === undefined || (key.alg !== undefined && key.alg !== algorithm))
      problems.push("a key must be for ES256, EdDSA (Ed25519) or PS256");
    const problem = lintKey(key);
    if (problem !== undefined) problems.push(`a key is not admitted: ${problem}`);
    if (typeof key.kid !== "string" || key.kid === "" || names.has(key.kid))
      problems.push("each key needs a kid of its own");
    names.add(key.kid);
  }
  return problems;
}

function findRedirectProblems({ party, redirectUris }: ClientRegistration): readonly string[] {
  const problems: string[] = [];
  if (redirectUris.length > REDIRECT_URIS_MAX) problems.push(`at most ${REDIRECT_URIS_MAX} redirect URIs`);
  if (redirectUris.length > 0 && party !== "bank" && party !== "merchant")
    problems.push("only banks and merchants' apps send people here");
  if (redirectUris.length === 0 && party === "merchant")
    problems.push("a merchants' app needs a redirect URI");
  for (const text of redirectUris) {
    const url = URL.parse(text);
    const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
    if (url === null || !isSafe || url.hash !== "" || text.includes("#") || url.username !== "")
      problems.push(`a redirect URI must be https, or http on this machine, without a fragment: ${text}`);
  }
  return problems;
}

/** An address of this machine itself; a name could lead elsewhere (RFC 8252 section 8.3). */
export function isLoopback(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, "");
  return isIP(address) === 4 ? address.startsWith("127.") : address === "::1";
}

/** The registration as oidc-provider reads it (RFC 7591 section 2, and `party`, `party_id`, `purposes` of our own). */
export function toMetadata(client: ClientRegistration): Record<string, unknown> & { client_id: string } {
  const { clientId, party, partyId, name, jwks, redirectUris, purposes } = client;
  const sendsPeople = redirectUris.length > 0;
  return {
    client_id: clientId,
    client_name: name,
    party,
    party_id: partyId,
    ...(purposes === undefined ? {} : { purposes }),
    token_endpoint_auth_method: "private_key_jwt",
    jwks: jwks as unknown,
    redirect_uris: redirectUris,
    response_types: sendsPeople ? ["code"] : [],
    grant_types: [...GRANT_TYPES[party], ...(sendsPeople ? ["authorization_code"] : [])],
    ...(party === "bank" ? { backchannel_token_delivery_mode: "poll" } : {}),
    scope: ["openid", ...DEFAULT_SCOPES[party]].join(" "),
    // Whoever carries a merchant's figures away proves with each request that the token is its own (RFC 9449).
    dpop_bound_access_tokens: party === "bank",
    authorization_details_types: party === "bank" ? [PROFILE_DETAIL_TYPE] : [],
    id_token_signed_response_alg: "ES256",
  };
}

const CIBA = "urn:openid:params:grant-type:ciba";
const GRANT_TYPES: Readonly<Record<Party, readonly string[]>> = {
  bank: ["client_credentials", "refresh_token", CIBA],
  merchant: ["refresh_token"],
  platform: ["client_credentials"],
  officer: ["client_credentials"],
};
