import { type ConsentStore, read, type Transaction } from "../transaction.js";

/** Most lists that are shown; the newest. */
const LISTS_MAX = 50;

/** A list of those who may sign for a merchant, and how many of them it takes. Never changed, only replaced. */
export interface SignatoryList {
  readonly merchant: string;
  /** 1 and up. */
  readonly seq: number;
  readonly quorum: number;
  readonly signatories: readonly string[];
  /** The list that was in force when this one was proposed; `undefined` for the first. */
  readonly replaces: number | undefined;
  readonly createdAt: Date;
  /** Of the signatories of the list that it replaces: those who have approved. */
  readonly approvedBy: readonly string[];
}

/** All that is known of a merchant's signatories at one instant. */
export interface SignatoryRegister {
  /** Newest first. */
  readonly lists: readonly SignatoryList[];
  /** `undefined` where the merchant has registered nobody: then any of its tokens signs for it. */
  readonly inForce: SignatoryList | undefined;
}

interface ListRow {
  readonly seq: number;
  readonly quorum: number;
  readonly signatories: readonly string[];
  readonly replaces: number | null;
  readonly created_at: Date;
  readonly approved_by: readonly string[] | null;
  readonly in_force: number | null;
}

const SELECT = `select l.seq, l.quorum, l.signatories, l.replaces, l.created_at,
    (select json_agg(a.signatory order by a.at, a.signatory) from consents.signatory_approval a
      where a.merchant_id = l.merchant_id and a.seq = l.seq) as approved_by,
    f.seq as in_force
  from (select consents.signatories_in_force($1) as seq) f, consents.signatory_list l
  where l.merchant_id = $1 and (l.seq = f.seq or l.seq > (
    select max(seq) - ${LISTS_MAX} from consents.signatory_list where merchant_id = $1))
  order by l.seq desc`;

/** One statement: the lists and which of them is in force. */
export async function readSignatories(
  source: ConsentStore | Transaction,
  merchant: string,
): Promise<SignatoryRegister> {
  const rows =
    "query" in source
      ? await source.query<ListRow>(SELECT, [merchant])
      : await read<ListRow>(source, SELECT, [merchant]);
  const lists = rows.map((row) => toList(merchant, row));
  return { lists, inForce: lists.find(({ seq }) => seq === rows[0]?.in_force) };
}

/** One change of a merchant's signatories at a time. */
export async function lockSignatories(trx: Transaction, merchant: string): Promise<void> {
  await trx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`signatories ${merchant}`]);
}

/** Appends a list; the guard refuses one that does not replace the list in force. */
export async function insertList(trx: Transaction, list: Omit<SignatoryList, "approvedBy">): Promise<void> {
  await trx.query(
    `insert into consents.signatory_list (merchant_id, seq, quorum, signatories, replaces, created_at)
      values ($1, $2, $3, $4, $5, $6)`,
    [
      list.merchant,
      list.seq,
      list.quorum,
      JSON.stringify(list.signatories),
      list.replaces ?? null,
      list.createdAt,
    ],
  );
}

/** Appends an approval; the guard refuses one by anybody whom the list in force does not name. */
export async function insertApproval(
  trx: Transaction,
  { merchant, seq }: Pick<SignatoryList, "merchant" | "seq">,
  by: { readonly signatory: string; readonly at: Date },
): Promise<void> {
  await trx.query(
    "insert into consents.signatory_approval (merchant_id, seq, signatory, at) values ($1, $2, $3, $4)",
    [merchant, seq, by.signatory, by.at],
  );
}

function toList(merchant: string, row: ListRow): SignatoryList {
  return {
    merchant,
    seq: row.seq,
    quorum: row.quorum,
    signatories: row.signatories,
    replaces: row.replaces ?? undefined,
    createdAt: row.created_at,
    approvedBy: row.approved_by ?? [],
  };
}
