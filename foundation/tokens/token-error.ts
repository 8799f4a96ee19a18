/** Why a token was refused; `reason` is for the log, never for the client, and holds nothing of the token. */
export class TokenError extends Error {
  readonly kind: "invalid" | "expired" | "keys-unavailable";
  readonly reason: string;

  constructor(kind: TokenError["kind"], reason: string, cause?: unknown) {
    super(`token ${kind}`, { cause });
    this.name = "TokenError";
    this.kind = kind;
    this.reason = reason;
  }
}
