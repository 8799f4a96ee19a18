import type { Category, Level } from "./categories.js";
import type { Party, Scope } from "./parties.js";
import type { Purpose } from "./purposes.js";

/** The RFC 9396 `type` of the authorization detail that opens credit profiles. */
export const PROFILE_DETAIL_TYPE = "merchant_credit_profile";

/** One RFC 9396 authorization detail: which purposes and categories the token may ask for. */
export interface ProfileDetail {
  readonly type: typeof PROFILE_DETAIL_TYPE;
  readonly purposes: readonly Purpose[];
  readonly datatypes: readonly Category[];
  /** Merchants (USCC) the token is limited to; absent means any merchant, subject to consent. */
  readonly merchants?: readonly string[];
  /** How closely the categories may be read; absent means summaries only. */
  readonly privileges?: readonly Level[];
}

/**
 * Something that an access token rests on. Whoever ends one, ends every token that rests on it, for good: the client, the
 * key that the token is bound to, the grant that it was issued under, the token itself.
 */
export const CREDENTIAL_KINDS = ["CLIENT", "KEY", "GRANT", "TOKEN"] as const;
export interface Credential {
  readonly kind: (typeof CREDENTIAL_KINDS)[number];
  /** `iss|client_id`, `iss|thumbprint`, `iss|grant_id` or `iss|jti`: names of one issuer mean nothing at another. */
  readonly id: string;
}

/** The key that a token is bound to (RFC 7800 `cnf`): a DPoP key (RFC 9449) or a client certificate (RFC 8705). */
export type Binding = { readonly jkt: string } | { readonly "x5t#S256": string };

/** Who asks, after the access token (RFC 9068 `at+jwt`) was verified. */
export interface Principal {
  readonly party: Party;
  /** The party's own id: bank id, USCC, platform id or officer id (claim `sub`). */
  readonly id: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly details: readonly ProfileDetail[];
  /** The natural person who acts for a merchant, where the issuer says; `undefined` for everybody else. */
  readonly signatory: string | undefined;
  /** `undefined` for a bearer token. */
  readonly binding: Binding | undefined;
  /** What the token rests on; asked of the ledger with every operation. */
  readonly credentials: readonly Credential[];
  /** `iss|jti`: the only identity of a token; never its text, which has many spellings. */
  readonly tokenKey: string;
  readonly expiresAt: Date;
}

/** A range of calendar months in Asia/Shanghai, `YYYY-MM`, half-open `[from, until)`. */
export interface MonthRange {
  readonly from: string;
  readonly until: string;
}

/** A seller account of a merchant at a platform. */
export interface PlatformAccount {
  readonly platform: string;
  readonly sellerId: string;
}

/** What one inquiry may read of one merchant, as the gateway decided and signed it. */
export interface PermitGrant {
  readonly inquiry: string;
  readonly merchant: string;
  readonly categories: readonly Category[];
  /** Of `categories`: those whose single records may be read. */
  readonly records: readonly Category[];
  /** The platform accounts that the consent opens; absent means every linked account. */
  readonly accounts?: readonly PlatformAccount[];
  /** The consent id and version that open it; absent for the merchant's own file. */
  readonly consent?: string;
  /** The months that the consent opens; absent means every month. */
  readonly months?: MonthRange;
}

/**
 * Claims of the assertion that the gateway signs for one subgraph request (`typ: permit+jwt`).
 * `aud` is the subgraph's name, `exp` at most 5 s after `iat`, `body` the base64url SHA-256 of the request body.
 */
export interface PermitClaims {
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly sub: string;
  readonly party: Party;
  readonly scope: string;
  /** The natural person who acts for a merchant, where the access token names one. */
  readonly signatory?: string;
  readonly body: string;
  readonly grants: readonly PermitGrant[];
}
