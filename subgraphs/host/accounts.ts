import type { PermitGrant } from "../../schema/claims.js";

/**
 * The seller accounts that a grant opens, as SQL reads them: a JSON object from each platform to its sellers, sorted, so that
 * the same accounts are always the same text and may be part of a loader's key. Null opens every account; `{}` opens none.
 */
export type OpenAccounts = string | null;

/** The accounts of a grant. An account that is none of the merchant's opens nothing: every table is by merchant first. */
export function accountsOf({ accounts }: PermitGrant): OpenAccounts {
  if (accounts === undefined) return null;
  const sellers = new Map<string, Set<string>>();
  for (const { platform, sellerId } of accounts) {
    const known = sellers.get(platform);
    if (known === undefined) sellers.set(platform, new Set([sellerId]));
    else known.add(sellerId);
  }
  const sorted = [...sellers].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(sorted.map(([platform, own]) => [platform, [...own].sort()])));
}

/** SQL: true where the jsonb `asked` (of {@link accountsOf}) opens the account of a row. */
export function isOpenAccount(asked: string, platform: string, sellerId: string): string {
  return `(${asked} is null or ${asked} -> ${platform} ? ${sellerId})`;
}
