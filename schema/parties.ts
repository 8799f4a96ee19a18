/** The four kinds of caller: information user, subject and provider, and the bureau's own staff. */
export const PARTIES = ["bank", "merchant", "platform", "officer"] as const;
export type Party = (typeof PARTIES)[number];

/** What a token may be used for. Each is checked beside the party, never instead of it. */
export const SCOPES = [
  "profile:read",
  "consents:request",
  "consents:manage",
  "consents:read",
  "inquiries:read",
  "feeds:write",
  "audit:read",
  "credentials:end",
] as const;
export type Scope = (typeof SCOPES)[number];

/** The scopes that a party usually has. */
export const DEFAULT_SCOPES: Readonly<Record<Party, readonly Scope[]>> = {
  bank: ["profile:read", "consents:request", "consents:read", "inquiries:read"],
  merchant: ["profile:read", "consents:manage", "consents:read", "inquiries:read"],
  platform: ["feeds:write"],
  officer: ["audit:read", "inquiries:read", "credentials:end"],
};
