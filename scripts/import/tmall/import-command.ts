import { type Balance, describeBalance, isBalanced } from "../dataset/balance.js";
import { sum } from "../dataset/minor-units.js";
import { type DatasetFeed, landedBalances, publishFeeds } from "../dataset/publish-feeds.js";
import { DatasetError, readAll } from "../dataset/read-csv.js";
import {
  onePath,
  parseFlags,
  PUBLISH_FLAGS,
  PUBLISH_FLAGS_HELP,
  readPublishSettings,
} from "../../feed-client/command-options.js";
import { EXIT, type Terminal } from "../../feed-client/terminal.js";
import { mapTmall, TMALL_MERCHANT, type TmallRecords } from "./map-tmall.js";
import { readTmallReport, type TmallOrder } from "./tmall-rows.js";

const HELP = `Imports the order report of one Tmall shop into a running gateway, as platform tmall.

usage: npm run import:tmall -- FILE [flags]

FILE is the report as .csv or .csv.gz. Paid is the total, the refund is the refund, and what the report calls
actually paid is the net: refund + net = total in every paid order, which is checked row by row and in the result.

  --dry-run            map and reconcile, publish nothing
${PUBLISH_FLAGS_HELP}

Needs a token of platform tmall (npm run --silent token -- --platform tmall).
exit code: 0 all landed and balances, 2 records were rejected, 1 failed or does not balance, 130 interrupted
`;

const FLAGS = { ...PUBLISH_FLAGS, "dry-run": { type: "boolean", default: false } } as const;
const KINDS = ["account", "order", "payment", "refund"] as const;

/** The command `import:tmall`. */
export async function importTmall(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (values.help) {
    terminal.stdout.write(HELP);
    return EXIT.done;
  }
  const file = onePath(positionals, "FILE");
  const settings = values["dry-run"] ? undefined : await readPublishSettings(values, terminal, "tmall");
  const orders = await readAll(readTmallReport(file));
  if (orders.length === 0) throw new DatasetError(`${file} has no orders`);
  const records = mapTmall(orders);
  const feeds = KINDS.map((kind): DatasetFeed => ({
    kind,
    count: records[kind].length,
    records: records[kind],
  }));
  const filled = feeds.filter((feed) => feed.count > 0);
  const outcome = settings === undefined ? undefined : await publishFeeds(filled, settings, terminal);
  const balances = [...reconcileTmall(orders, records), ...landedBalances(filled, outcome)];
  terminal.stdout.write(
    `\nreconciliation (amounts in CNY)\n${balances.flatMap(describeBalance).join("\n")}\n\n`,
  );
  terminal.stdout.write(`merchant ${TMALL_MERCHANT}\n`);
  if (outcome !== undefined && outcome.rejected > 0) return EXIT.rejected;
  const isSound = balances.every(isBalanced) && (outcome?.isComplete ?? true);
  if (!isSound) terminal.stderr.write("error: the reconciliation does not balance\n");
  return isSound ? EXIT.done : EXIT.failed;
}

/** What the records say against what the rows say. */
export function reconcileTmall(orders: readonly TmallOrder[], records: TmallRecords): Balance[] {
  const paid = records.order.filter((order) => order.paidAt !== undefined);
  const unpaid = records.order.filter((order) => order.paidAt === undefined);
  const refundMinor = sum(records.refund.map((refund) => refund.amountMinor));
  const paidMinor = sum(paid.map((order) => order.paidMinor ?? 0));
  return [
    {
      name: "orders (total)",
      whole: { count: orders.length, amountMinor: sum(orders.map((order) => order.totalMinor)) },
      parts: [
        { name: "paid order records", count: paid.length, amountMinor: paidMinor },
        {
          name: "unpaid order records",
          count: unpaid.length,
          amountMinor: sum(unpaid.map((order) => order.totalMinor)),
        },
      ],
    },
    {
      name: "paid orders",
      whole: { count: paid.length, amountMinor: paidMinor },
      parts: [
        {
          name: "payment records",
          count: records.payment.length,
          amountMinor: sum(records.payment.map((payment) => payment.amountMinor)),
        },
      ],
    },
    {
      name: "refunds of the report",
      whole: {
        count: orders.filter((order) => order.refundMinor > 0).length,
        amountMinor: sum(orders.map((order) => order.refundMinor)),
      },
      parts: [{ name: "refund records", count: records.refund.length, amountMinor: refundMinor }],
    },
    {
      name: "refund + actual = total, over paid orders",
      whole: { count: paid.length, amountMinor: paidMinor },
      parts: [
        {
          name: "actual (net) of the report",
          count: paid.length,
          amountMinor: sum(orders.map((order) => order.netMinor)),
        },
        { name: "refund records", count: 0, amountMinor: refundMinor },
      ],
    },
  ];
}
