import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";
import type { InquiryEntry } from "../../schema/ports.js";
import type { Position } from "../host/paging.js";

/** One inquiry: its decision, and what was released in the end. */
export interface StoredInquiry {
  readonly decided: InquiryEntry;
  /** The later entry when less was released than decided. */
  readonly last: InquiryEntry;
  readonly recordedAt: Date;
  /** Lower-case hex, of the decision's entry. */
  readonly leafHash: string;
}

/** Whose inquiries are meant: those about a merchant, or those of a bank. */
export type Subject = { readonly merchant: string } | { readonly bank: string };

interface InquiryRow {
  readonly entry: InquiryEntry;
  readonly last: InquiryEntry | null;
  readonly recorded_at: Date;
  readonly leaf_hash: string;
}

/** Newest first, after a position; at most `limit`. @throws SERVICE_UNAVAILABLE */
export async function listInquiries(
  postgres: Postgres,
  subject: Subject,
  page: { readonly limit: number; readonly after: Position | undefined },
): Promise<readonly StoredInquiry[]> {
  const [clause, id] =
    "merchant" in subject
      ? ["d.merchant_id = $4", subject.merchant]
      : ["d.asker = $4 and d.party = 'bank'", subject.bank];
  const text = `select d.entry, d.recorded_at, encode(d.leaf_hash, 'hex') as leaf_hash,
      (select l.entry from inquiries.entry l
        where l.merchant_id = d.merchant_id and l.inquiry_id = d.inquiry_id and l.stage <> 'DECIDED'
        order by l.recorded_at desc, l.stage limit 1) as last
    from inquiries.entry d
    where d.stage = 'DECIDED' and ${clause}
      and ($2::timestamptz is null or (d.recorded_at, d.inquiry_id) < ($2::timestamptz, $3::uuid))
    order by d.recorded_at desc, d.inquiry_id desc limit $1`;
  const values = [page.limit, page.after?.at ?? null, page.after?.id ?? null, id];
  const { rows } = await postgres.pool.query<InquiryRow>(text, values).catch((error: unknown) => {
    throw new BureauError("SERVICE_UNAVAILABLE", "the record cannot be read", { cause: error });
  });
  return rows.map((row) => ({
    decided: row.entry,
    last: row.last ?? row.entry,
    recordedAt: row.recorded_at,
    leafHash: row.leaf_hash,
  }));
}
