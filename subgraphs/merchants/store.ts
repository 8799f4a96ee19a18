import type { Postgres } from "../../foundation/postgres.js";
import type { AccountRole, PlatformKind } from "../../schema/feeds/records.js";
import { JOIN_CONFIDENCE_MIN } from "./link-accounts.js";

/** Most links of one merchant that are read; the newest by start. */
export const LINKS_MAX = 500;

/** One span of time in which a seller account belonged to a merchant. */
export interface AccountLink {
  readonly merchant: string;
  readonly platform: string;
  readonly kind: PlatformKind;
  readonly sellerId: string;
  readonly role: AccountRole;
  readonly legalName: string;
  readonly openedAt: Date;
  readonly validFrom: Date;
  /** Exclusive; null is open-ended. */
  readonly validTo: Date | null;
  readonly region: string | null;
  readonly category: string | null;
  /** 2 to 10. */
  readonly confidence: number;
  readonly receivedAt: Date;
}

/** The links that join, of each merchant in order; newest start first. One statement. */
export async function loadLinks(
  postgres: Postgres,
  merchants: readonly string[],
): Promise<readonly (readonly AccountLink[])[]> {
  const { rows } = await postgres.pool.query<AccountLink>(
    `select l.* from unnest($1::text[]) as asked (merchant_id) cross join lateral (
       select merchant_id as merchant, platform, platform_kind as kind, seller_id as "sellerId", role,
         legal_name as "legalName", opened_at as "openedAt", valid_from as "validFrom", valid_to as "validTo", region,
         category, confidence, received_at as "receivedAt"
       from merchants.account_link
       where merchant_id = asked.merchant_id and confidence >= $2
       order by valid_from desc, platform, seller_id limit $3
     ) l`,
    [merchants, JOIN_CONFIDENCE_MIN, LINKS_MAX],
  );
  const byMerchant = new Map<string, AccountLink[]>(merchants.map((merchant) => [merchant, []]));
  for (const row of rows) byMerchant.get(row.merchant)?.push(row);
  return merchants.map((merchant) => byMerchant.get(merchant) ?? []);
}
