import type { Credential } from "../schema/claims.js";
import type { ConsentLedger, CredentialRegister } from "../schema/ports.js";

/** Names of credentials of this issuer, without the issuer. */
export interface CredentialNames {
  readonly clients?: readonly string[];
  readonly grants?: readonly string[];
  readonly keys?: readonly string[];
  readonly tokens?: readonly string[];
}

/** What tokens of this issuer rest on: asked before one is issued, ended for good when it is over. */
export interface Credentials {
  /** True when any of them was ended. @throws CONSENT_UNKNOWN */
  anyEnded(names: CredentialNames): Promise<boolean>;
  /** Resolves when no operation that starts later is answered under them. @throws SERVICE_UNAVAILABLE */
  end(names: CredentialNames, by: { readonly actor: string; readonly reason: string }): Promise<void>;
  /** `iss|name`, as the register calls it. */
  nameOf(name: string): string;
}

/** One statement to the register takes so many at most. */
const AT_ONCE_MAX = 100;

/** The credentials of one issuer in the register that all gateways ask. */
export function createCredentials(
  issuer: string,
  register: CredentialRegister,
  ledger: Pick<ConsentLedger, "check">,
): Credentials {
  const nameOf = (name: string): string => `${issuer}|${name}`;
  const list = (names: CredentialNames): Credential[] => [
    ...(names.clients ?? []).map((name) => ({ kind: "CLIENT" as const, id: nameOf(name) })),
    ...(names.grants ?? []).map((name) => ({ kind: "GRANT" as const, id: nameOf(name) })),
    ...(names.keys ?? []).map((name) => ({ kind: "KEY" as const, id: nameOf(name) })),
    ...(names.tokens ?? []).map((name) => ({ kind: "TOKEN" as const, id: nameOf(name) })),
  ];
  return {
    nameOf,
    anyEnded: async (names) => {
      const { ended } = await ledger.check([], list(names));
      return ended.length > 0;
    },
    end: async (names, by) => {
      const all = list(names);
      for (let from = 0; from < all.length; from += AT_ONCE_MAX)
        await register.end(all.slice(from, from + AT_ONCE_MAX), by);
    },
  };
}
