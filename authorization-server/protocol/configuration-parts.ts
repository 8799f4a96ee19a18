import type { Configuration } from "oidc-provider";
import type { ConsentDesk } from "../../schema/ports.js";
import type { AccountStore } from "../accounts/account-store.js";
import type { Backchannel, BackchannelTimes } from "../consent/backchannel.js";
import type { Credentials } from "../credentials.js";
import type { KeyRing } from "../keys/key-ring.js";
import type { TokenClaimsHooks } from "./token-claims.js";

/** Life of what the protocol hands out, in seconds. */
export interface Lifetimes {
  /** 60 to 900. */
  readonly accessTokenSeconds: number;
  readonly backchannel: BackchannelTimes;
}

export interface ConfigurationParts {
  readonly issuer: string;
  /** The one resource that tokens are for (RFC 8707): the gateway. */
  readonly resource: string;
  readonly ring: KeyRing;
  readonly now: () => Date;
  /** 32 bytes each; shared by the instances of one bureau. */
  readonly secrets: { readonly cookies: Buffer; readonly nonces: Buffer };
  readonly lifetimes: Lifetimes;
  readonly adapter: Configuration["adapter"];
  readonly accounts: Pick<AccountStore, "find">;
  readonly credentials: Credentials;
  readonly desk: ConsentDesk;
  readonly backchannel: Backchannel;
  readonly claims: TokenClaimsHooks;
}
