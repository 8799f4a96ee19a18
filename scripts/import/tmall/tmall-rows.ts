import { wallClockMs } from "../dataset/local-time.js";
import { formatMinor, parseMinor } from "../dataset/minor-units.js";
import { readCsv } from "../dataset/read-csv.js";

export const TMALL_PLATFORM = "tmall";
export const TMALL_ZONE = "Asia/Shanghai";
export const TMALL_CURRENCY = "CNY";

/** A row of the order report of one shop: times are local text of Shanghai, amounts fen. */
export interface TmallOrder {
  readonly orderId: string;
  readonly totalMinor: number;
  /** What the shop kept: the total less the refund. */
  readonly netMinor: number;
  readonly refundMinor: number;
  readonly region: string;
  readonly createdAt: string;
  /** Absent: never paid. */
  readonly paidAt: string | undefined;
}

/** Column names as the report has them, blanks at their ends cut off. Written as escapes: the source is ASCII. */
const COLUMN = {
  /** Order number. */
  orderId: "\u8ba2\u5355\u7f16\u53f7",
  /** Total amount. */
  total: "\u603b\u91d1\u989d",
  /** What the buyer actually paid: after refunds. */
  net: "\u4e70\u5bb6\u5b9e\u9645\u652f\u4ed8\u91d1\u989d",
  /** Delivery address: the province. */
  region: "\u6536\u8d27\u5730\u5740",
  createdAt: "\u8ba2\u5355\u521b\u5efa\u65f6\u95f4",
  paidAt: "\u8ba2\u5355\u4ed8\u6b3e\u65f6\u95f4",
  refund: "\u9000\u6b3e\u91d1\u989d",
} as const;

/** The orders of a report. @throws DatasetError, also where a row breaks refund + net = total (0 + 0 when unpaid) */
export function readTmallReport(file: string): AsyncGenerator<TmallOrder> {
  return readCsv(file, Object.values(COLUMN), (row) => {
    const order = {
      orderId: row[COLUMN.orderId].trim(),
      totalMinor: parseMinor(row[COLUMN.total].trim()),
      netMinor: parseMinor(row[COLUMN.net].trim()),
      refundMinor: parseMinor(row[COLUMN.refund].trim()),
      region: row[COLUMN.region].trim(),
      createdAt: requireTime(row[COLUMN.createdAt].trim()),
      paidAt: row[COLUMN.paidAt].trim() === "" ? undefined : requireTime(row[COLUMN.paidAt].trim()),
    };
    if (order.orderId === "") throw new RangeError("the order number is empty");
    checkAmounts(order);
    return order;
  });
}

function checkAmounts({ totalMinor, netMinor, refundMinor, paidAt }: TmallOrder): void {
  const expected = paidAt === undefined ? 0 : totalMinor;
  if (refundMinor + netMinor === expected) return;
  const parts = `refund ${formatMinor(refundMinor)} + net ${formatMinor(netMinor)}`;
  throw new RangeError(
    `${parts} is not ${formatMinor(expected)} (${paidAt === undefined ? "unpaid" : "the total"})`,
  );
}

function requireTime(text: string): string {
  wallClockMs(text);
  return text;
}
