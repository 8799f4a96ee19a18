import type { Category } from "./categories.js";
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
}

/** Who asks, after the access token (RFC 9068 `at+jwt`) was verified. */
export interface Principal {
  readonly party: Party;
  /** The party's own id: bank id, USCC, platform id or officer id (claim `sub`). */
  readonly id: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly details: readonly ProfileDetail[];
  /** `iss|jti`: the only identity of a token; never its text, which has many spellings. */
  readonly tokenKey: string;
  readonly expiresAt: Date;
}

/** A range of calendar months in Asia/Shanghai, `YYYY-MM`, half-open `[from, until)`. */
export interface MonthRange {
  readonly from: string;
  readonly until: string;
}

/** What one inquiry may read of one merchant, as the gateway decided and signed it. */
export interface PermitGrant {
  readonly inquiry: string;
  readonly merchant: string;
  readonly categories: readonly Category[];
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
  readonly body: string;
  readonly grants: readonly PermitGrant[];
}
