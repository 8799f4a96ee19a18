import type { AccessToken, Client, ClientCredentials, KoaContextWithOIDC } from "oidc-provider";
import type { Party } from "../../schema/parties.js";
import type { AccountStore } from "../accounts/account-store.js";
import type { Credentials } from "../credentials.js";
import { inProtocol } from "./oauth-errors.js";
import { errors } from "../provider.js";
import type { ModelStore } from "../store/model-store.js";

/** A token that is about to be signed. */
type Token = AccessToken | ClientCredentials;

export interface TokenClaimsParts {
  readonly accounts: Pick<AccountStore, "find">;
  readonly store: ModelStore;
  readonly credentials: Credentials;
}

/** What every access token of ours says beside the claims of RFC 9068; the same stands in introspection. */
export interface TokenClaims {
  /** The party's own id: bank, platform or officer id; the merchant for whom the person signed in. */
  readonly sub: string;
  readonly party: Party;
  /** The grant it was issued under; whoever ends the grant ends the token. */
  readonly grant_id?: string;
  /** The natural person who acts for a merchant. */
  readonly signatory?: string;
  readonly [claim: string]: string | undefined;
}

/** The party that a client speaks for. */
export function partyOf(client: Client): { readonly party: Party; readonly partyId: string } {
  return { party: client["party"] as Party, partyId: String(client["party_id"]) };
}

/** Says what stands in a token beside the protocol's own claims, and keeps each token so that it can be ended. */
export interface TokenClaimsHooks {
  /** Asked before anything is signed. @throws OIDCProviderError when the token may not be issued */
  readonly extra: (ctx: KoaContextWithOIDC, token: Token) => Promise<TokenClaims>;
  /** The last look before the signature; the token is on record before it exists. */
  readonly finish: (token: Token, payload: Record<string, unknown>) => Promise<void>;
}

/** Builds the hooks. */
export function createTokenClaims(parts: TokenClaimsParts): TokenClaimsHooks {
  return {
    extra: (ctx, token) =>
      inProtocol(async () => {
        const client = ctx.oidc.client;
        if (client === undefined) throw new errors.InvalidClient("the client is gone");
        if (token.scope === undefined || token.scope === "")
          throw new errors.InvalidScope(
            "a token needs at least one scope of the resource",
            ctx.oidc.params?.["scope"] as string,
          );
        await requireLive(client, token, parts.credentials);
        return claimsOf(client, token, parts.accounts);
      }),
    finish: (token, payload) =>
      inProtocol(async () => {
        // RFC 9068 section 2.2.3.1: `sub` is whom the token speaks for, which with us is the party and no person.
        payload["sub"] = (token.extra as TokenClaims | undefined)?.sub;
        await keep(token, payload, parts.store);
      }),
  };
}

/** A token that rests on something ended would be refused by the gateway; it is not issued in the first place. */
async function requireLive(client: Client, token: Token, credentials: Credentials): Promise<void> {
  const grantId = grantOf(token);
  const { jkt } = token;
  if (await credentials.anyEnded({ clients: [client.clientId] }))
    throw new errors.InvalidClientAuth({ detail: "the client was ended" });
  if (jkt !== undefined && (await credentials.anyEnded({ keys: [jkt] })))
    throw new errors.InvalidDpopProof("the key was ended");
  if (grantId !== undefined && (await credentials.anyEnded({ grants: [grantId] })))
    throw new errors.InvalidGrant({ detail: "the grant was ended" });
}

async function claimsOf(
  client: Client,
  token: Token,
  accounts: TokenClaimsParts["accounts"],
): Promise<TokenClaims> {
  const { party, partyId } = partyOf(client);
  const grantId = grantOf(token);
  const grant = grantId === undefined ? {} : { grant_id: grantId };
  if (party !== "merchant") return { sub: partyId, party, ...grant };
  const account = await accounts.find("accountId" in token ? token.accountId : "");
  if (account === undefined || account.endedAt !== undefined)
    throw new errors.InvalidGrant({ detail: "the account was ended" });
  return { sub: account.merchant, party, ...grant, signatory: account.accountId };
}

function grantOf(token: Token): string | undefined {
  return "grantId" in token ? (token.grantId as string | undefined) : undefined;
}

/** A signed token is kept nowhere by the package; without a record nobody could introspect or revoke it. */
async function keep(token: Token, signed: Record<string, unknown>, store: ModelStore): Promise<void> {
  const { iat, exp, jti } = signed as { iat: number; exp: number; jti: string };
  const members = (token.constructor as unknown as { IN_PAYLOAD: readonly string[] }).IN_PAYLOAD;
  const own = token as unknown as Readonly<Record<string, unknown>>;
  const payload = Object.fromEntries(
    members.flatMap((member) => (own[member] === undefined ? [] : [[member, own[member]]])),
  );
  await store.put(String(token.kind), jti, {
    payload: { ...payload, iat, exp },
    lifetimeSeconds: exp - iat,
  });
}
