import type { Postgres } from "../../foundation/postgres.js";
import type { AccountRole, PlatformKind } from "../../schema/feeds/records.js";
import { isOpenAccount, type OpenAccounts } from "../host/accounts.js";
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

/** One merchant, and the accounts of it that may be read. */
export interface LinkQuestion {
  readonly merchant: string;
  readonly accounts: OpenAccounts;
}

/** The links that join, answers in order; newest start first. One statement. */
export async function loadLinks(
  postgres: Postgres,
  questions: readonly LinkQuestion[],
): Promise<readonly (readonly AccountLink[])[]> {
  const { rows } = await postgres.pool.query<AccountLink & { readonly nth: number }>(
    `select asked.nth, l.* from unnest($1::text[], $2::jsonb[]) with ordinality as asked (merchant_id, accounts, nth)
     cross join lateral (
       select merchant_id as merchant, platform, platform_kind as kind, seller_id as "sellerId", role,
         legal_name as "legalName", opened_at as "openedAt", valid_from as "validFrom", valid_to as "validTo", region,
         category, confidence, received_at as "receivedAt"
       from merchants.account_link
       where merchant_id = asked.merchant_id and confidence >= $3
         and ${isOpenAccount("asked.accounts", "platform", "seller_id")}
       order by valid_from desc, platform, seller_id limit $4
     ) l`,
    [
      questions.map(({ merchant }) => merchant),
      questions.map(({ accounts }) => accounts),
      JOIN_CONFIDENCE_MIN,
      LINKS_MAX,
    ],
  );
  const lists: AccountLink[][] = questions.map(() => []);
  for (const { nth, ...link } of rows) lists[nth - 1]?.push(link);
  return lists;
}
