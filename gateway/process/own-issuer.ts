import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  createAuthorizationServer,
} from "../../authorization-server/index.js";
import type { KeySource, TokenAlgorithm } from "../../foundation/tokens.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";

/** An issuer whose access tokens are accepted. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly keys: KeySource;
  readonly clockToleranceSeconds: number;
}

/** The authorization server of this house, as it is configured. */
export interface OwnIssuer extends Pick<
  AuthorizationServerOptions,
  "issuer" | "audience" | "keyRingFile" | "secret" | "lifetimes"
> {
  readonly clockToleranceSeconds: number;
  readonly onRefusal?: AuthorizationServerOptions["onRefusal"];
}

/** Opens the house's own issuer; nothing where the operator has another one. */
export async function openOwnIssuer(
  tokens: TrustedIssuer | OwnIssuer,
  parts: Omit<AuthorizationServerOptions, keyof OwnIssuer | "notice">,
): Promise<AuthorizationServer | undefined> {
  if (!("keyRingFile" in tokens)) return undefined;
  const { clockToleranceSeconds: _tolerance, onRefusal = () => {}, ...own } = tokens;
  return createAuthorizationServer({ ...own, ...parts, onRefusal, notice: CN_RULEBOOK.notice });
}

/** Whose tokens the gateway accepts: the house's own, whose keys change under way, or the operator's issuer. */
export function trustedIssuer(
  tokens: TrustedIssuer | OwnIssuer,
  server: AuthorizationServer | undefined,
): TrustedIssuer {
  if (!("keyRingFile" in tokens)) return tokens;
  if (server === undefined) throw new Error("the own issuer is not open");
  const { issuer, audience, clockToleranceSeconds } = tokens;
  const keys = { kind: "live", keys: () => server.keys() } as const;
  return { issuer, audience, algorithms: server.algorithms, keys, clockToleranceSeconds };
}
