import type { MonthRange } from "../../../schema/claims.js";
import type { OpenAccounts } from "../../host/accounts.js";
import type { RecordPage } from "../../host/records/record-page.js";

/** What the records of a merchant are limited to. */
export interface RecordBounds {
  readonly merchant: string;
  readonly accounts: OpenAccounts;
  readonly window: MonthRange;
}

/** A page of one merchant's records. */
export interface RecordQuestion extends RecordBounds {
  readonly page: RecordPage;
}

/** The questions as rows of SQL; a position is a day and up to three texts. `nth` counts from 1 in the order given. */
export const QUESTIONS = `(
    select q.*, (since || '-01')::date as first_day, (until || '-01')::date as end_day
    from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::int[], $6::date[], $7::text[], $8::text[], $9::text[])
      with ordinality as q(merchant_id, since, until, accounts, size, at, second, third, fourth, nth)
  ) as q`;

/** The arrays that {@link QUESTIONS} unnests; one row more than asked for tells whether there is a next page. */
export function questionParameters(questions: readonly RecordQuestion[]): unknown[] {
  const after = (place: number) => questions.map(({ page }) => page.after?.[place] ?? null);
  return [
    questions.map(({ merchant }) => merchant),
    questions.map(({ window }) => window.from),
    questions.map(({ window }) => window.until),
    questions.map(({ accounts }) => accounts),
    questions.map(({ page }) => page.first + 1),
    after(0),
    after(1),
    after(2),
    after(3),
  ];
}

/** Rows sorted back to their questions. */
export function byQuestion<Row>(
  questions: readonly RecordQuestion[],
  rows: readonly (Row & { readonly nth: number })[],
): readonly (readonly Row[])[] {
  const lists: Row[][] = questions.map(() => []);
  for (const row of rows) lists[row.nth - 1]?.push(row);
  return lists;
}
