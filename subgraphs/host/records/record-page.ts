import { type PageArgs, type PageInfo, readFirst } from "../paging.js";
import type { RecordList, RecordNames, RecordPosition } from "./record-names.js";

/** What is read of a list of records. */
export interface RecordPage {
  /** 1 to 100. */
  readonly first: number;
  /** The last record of the page before; null for the newest. */
  readonly after: RecordPosition | null;
}

/** @throws BAD_USER_INPUT when `first` is out of bounds or `after` is no cursor of the list */
export function readRecordPage({ first, after }: PageArgs, names: RecordNames, of: RecordList): RecordPage {
  return { first: readFirst(first), after: after == null ? null : names.open(of, after) };
}

/** Cuts a page out of rows that were read with one more than `first`. */
export function pageOfRecords<Row, Node>(
  rows: readonly Row[],
  { first }: RecordPage,
  show: { readonly node: (row: Row) => Node; readonly cursor: (row: Row) => string },
): { readonly nodes: Node[]; readonly pageInfo: PageInfo } {
  const kept = rows.slice(0, first);
  const last = kept.at(-1);
  const endCursor = last === undefined ? null : show.cursor(last);
  return { nodes: kept.map(show.node), pageInfo: { hasNextPage: rows.length > first, endCursor } };
}
