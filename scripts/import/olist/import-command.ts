import { describeBalance, isBalanced } from "../dataset/balance.js";
import { formatMinor } from "../dataset/minor-units.js";
import { type DatasetFeed, landedBalances, publishFeeds } from "../dataset/publish-feeds.js";
import {
  onePath,
  parseFlags,
  PUBLISH_FLAGS,
  PUBLISH_FLAGS_HELP,
  readPublishSettings,
} from "../../feed-client/command-options.js";
import { EXIT, type Terminal } from "../../feed-client/terminal.js";
import { olistMerchantId } from "./map-accounts.js";
import { OLIST_KINDS, type OlistRecords, olistRecords } from "./olist-records.js";
import { allSales, planSales, type SalesPlan } from "./plan-sales.js";
import { readOlistTables } from "./read-tables.js";
import { reconcile } from "./reconcile.js";

const HELP = `Imports the Olist data set (a Brazilian marketplace) into a running gateway, as platform olist.

usage: npm run import:olist -- FOLDER [flags]

FOLDER holds the tables of Olist as .csv.gz or .csv; orders and items must be there, the rest is used where it is.
Sellers become merchants with synthetic codes. A later import corrects an earlier one, also where it
knows less: a folder without customers takes the buyers off the orders it shares with one that has them.
A run that broke off is resumed by running it again.

  --dry-run            map and reconcile, publish nothing
  --estimate-times     let the earliest shipping limit stand in where nothing says when an order was placed
                       (for load; such times are no facts)
${PUBLISH_FLAGS_HELP}

Needs a token of platform olist (npm run --silent token -- --platform olist).
exit code: 0 all landed and balances, 2 records were rejected, 1 failed or does not balance, 130 interrupted
`;

const FLAGS = {
  ...PUBLISH_FLAGS,
  "dry-run": { type: "boolean", default: false },
  "estimate-times": { type: "boolean", default: false },
} as const;

/** The command `import:olist`. */
export async function importOlist(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (values.help) {
    terminal.stdout.write(HELP);
    return EXIT.done;
  }
  const folder = onePath(positionals, "FOLDER");
  const isDry = values["dry-run"];
  const settings = isDry ? undefined : await readPublishSettings(values, terminal, "olist");
  const tables = await readOlistTables(folder);
  const plan = planSales(tables, { isTimeEstimated: values["estimate-times"] });
  const records = olistRecords(plan);
  const feeds = OLIST_KINDS.map((kind) => feedOf(kind, records)).filter((feed) => feed.count > 0);
  for (const note of remarks(plan)) terminal.stdout.write(`note: ${note}\n`);
  const outcome = settings === undefined ? undefined : await publishFeeds(feeds, settings, terminal);
  const balances = [...reconcile(plan, records), ...landedBalances(feeds, outcome)];
  terminal.stdout.write(
    `\nreconciliation (amounts in BRL)\n${balances.flatMap(describeBalance).join("\n")}\n\n`,
  );
  terminal.stdout.write(`${describeLargest(plan).join("\n")}\n`);
  if (outcome !== undefined && outcome.rejected > 0) return EXIT.rejected;
  const isSound = balances.every(isBalanced) && (outcome?.isComplete ?? true);
  if (!isSound) terminal.stderr.write("error: the reconciliation does not balance\n");
  return isSound ? EXIT.done : EXIT.failed;
}

function feedOf(kind: (typeof OLIST_KINDS)[number], records: OlistRecords): DatasetFeed {
  let count = 0;
  for (const _record of records[kind]()) count += 1;
  return { kind, count, records: records[kind]() };
}

/** What a reader of the numbers must know. */
function remarks(plan: SalesPlan): string[] {
  const notes = [...plan.tables.notes];
  if (plan.estimatedOrders > 0) {
    notes.push(
      `${plan.estimatedOrders} orders have no time of purchase; the approval or an estimate stands in`,
    );
  }
  const sales = [...allSales(plan)];
  const early = sales.filter(
    ({ shippedAt, deliveredAt = shippedAt }) => (deliveredAt ?? "") < (shippedAt ?? ""),
  ).length;
  if (early > 0) notes.push(`${early} parcels are delivered before they were shipped, as the tables have it`);
  return notes;
}

const LARGEST_SHOWN = 3;

/** Whom to ask about first. */
function describeLargest(plan: SalesPlan): string[] {
  const paid = new Map<string, number>();
  for (const sale of allSales(plan)) {
    for (const payment of sale.payments)
      paid.set(sale.sellerId, (paid.get(sale.sellerId) ?? 0) + payment.amountMinor);
  }
  const largest = [...paid].sort(([, a], [, b]) => b - a).slice(0, LARGEST_SHOWN);
  return [
    "largest merchants by what they were paid",
    ...largest.map(
      ([sellerId, minor]) =>
        `  ${olistMerchantId(sellerId)}  ${formatMinor(minor).padStart(14)}  seller ${sellerId}`,
    ),
  ];
}
