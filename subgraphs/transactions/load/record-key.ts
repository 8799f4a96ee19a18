import { isOpenAccount } from "../../host/accounts.js";
import type { RecordPage } from "../../host/records/record-page.js";
import { type FrameKey, frameKeyText, frameParameters } from "./frame-key.js";

/** A page of one merchant's records, within months, accounts and currency; positions are instant, key, platform. */
export interface RecordKey extends FrameKey {
  readonly page: RecordPage;
}

/** The loader's name for a key. */
export function recordKeyText(key: RecordKey): string {
  return JSON.stringify([frameKeyText(key), key.page.first, key.page.after]);
}

/** Keys as the nine arrays that {@link PAGES} unnests; one row more than asked for tells whether there is a next page. */
export function pageParameters(keys: readonly RecordKey[]): unknown[] {
  const after = (place: number) => keys.map(({ page }) => page.after?.[place] ?? null);
  return [...frameParameters(keys), keys.map(({ page }) => page.first + 1), after(0), after(1), after(2)];
}

/** The keys as rows of SQL; `slot` counts from 1 in the order given. */
export const PAGES = `unnest($1::text[], $2::date[], $3::date[], $4::text[], $5::jsonb[], $6::int[], $7::timestamptz[],
    $8::text[], $9::text[])
  with ordinality as q(merchant_id, from_day, until_day, currency, accounts, size, at, key, platform, slot)`;

/**
 * The accounts of a key's merchant that are open and have an order: a page is put together from the newest of each, so that it
 * costs the same however much the accounts hold that are not open.
 */
export function openAccounts(columns: string): string {
  return `(select distinct ${columns} from transactions.source_month s where s.merchant_id = q.merchant_id and s.n > 0
    and (q.currency is null or s.currency = q.currency) and ${isOpenAccount("q.accounts", "s.platform", "s.seller_id")}) as a`;
}

/**
 * True for rows after the key's position whose local day is in its months. No zone is a day away from UTC, which bounds what is
 * looked at by the index.
 */
export function isOnPage(
  at: string,
  of: { readonly key: string; readonly platform: string; zone: string },
): string {
  const utc = (day: string) => `(${day})::timestamp at time zone 'UTC'`;
  const local = `(${at} at time zone ${of.zone})::date`;
  return `(${at}, ${of.key}, ${of.platform})
      < (least(q.at, ${utc("q.until_day + 1")}), coalesce(q.key, ''), coalesce(q.platform, ''))
    and ${at} >= ${utc("q.from_day - 1")} and ${local} >= q.from_day and ${local} < q.until_day`;
}

/** An instant with all that the database knows of it, for a position. */
export function exactInstant(at: string): string {
  return `to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
