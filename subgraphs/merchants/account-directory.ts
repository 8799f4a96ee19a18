import type { Postgres } from "../../foundation/postgres.js";
import type { AccountDirectory } from "../../schema/ports.js";
import { JOIN_CONFIDENCE_MIN } from "./link-accounts.js";

interface OwnerSpan {
  readonly merchant: string;
  readonly from: number;
  readonly until: number;
}

/**
 * Answers whose account it was, from the owners' links; one statement per call, however many accounts are asked
 * about.
 */
export function createAccountDirectory(postgres: Postgres): AccountDirectory {
  return {
    resolve: async (platform, accounts) => {
      if (accounts.length === 0) return [];
      const spans = await loadSpans(postgres, platform, new Set(accounts.map(({ sellerId }) => sellerId)));
      return accounts.map(({ sellerId, at }) => {
        const instant = Date.parse(at);
        return spans.get(sellerId)?.find(({ from, until }) => from <= instant && instant < until)?.merchant;
      });
    },
  };
}

async function loadSpans(
  postgres: Postgres,
  platform: string,
  sellers: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly OwnerSpan[]>> {
  const { rows } = await postgres.pool.query<{
    seller_id: string;
    merchant_id: string;
    valid_from: Date;
    valid_to: Date | null;
  }>(
    `select seller_id, merchant_id, valid_from, valid_to from merchants.account_link
     where platform = $1 and seller_id = any($2) and role = 'OWNER' and confidence >= $3
     order by seller_id, valid_from desc`,
    [platform, [...sellers], JOIN_CONFIDENCE_MIN],
  );
  const spans = new Map<string, OwnerSpan[]>();
  for (const row of rows) {
    const span = {
      merchant: row.merchant_id,
      from: row.valid_from.getTime(),
      until: row.valid_to?.getTime() ?? Infinity,
    };
    const known = spans.get(row.seller_id);
    if (known === undefined) spans.set(row.seller_id, [span]);
    else known.push(span);
  }
  return spans;
}
