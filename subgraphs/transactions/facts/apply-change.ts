import type pg from "pg";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { FeedRecord } from "../../../schema/feeds/records.js";
import type { FeedChange, FeedDefect, FeedOwner } from "../../host/feeds/feed-owner.js";
import { addSums } from "./add-sums.js";
import { DAY_SUMS } from "./day-sums.js";
import { deriveFacts } from "./derive-facts.js";
import { MONTH_SUMS } from "./month-sums.js";
import { findTouchedOrders, lockMerchants, removeParts, storeParts } from "./store-parts.js";

/** Greatest amount of one record, in minor units: sums of a million such records still fit a bigint. */
export const AMOUNT_MINOR_MAX = 10_000_000_000_000;

const AMOUNTS = [
  "totalMinor",
  "paidMinor",
  "amountMinor",
  "grossMinor",
  "feeMinor",
  "chargebackMinor",
] as const;

/** The facts and sums of orders, kept in the transaction of the batch that changes them. */
export function createOrderFacts(): FeedOwner {
  return {
    kinds: ["order", "payment", "refund", "shipment", "settlement"],
    inspect: (_kind: FeedKind, record: FeedRecord) => inspectAmounts(record),
    apply: (client, change) => keep(client, change, storeParts),
    withdraw: (client, change) => keep(client, change, removeParts),
  };
}

async function keep(client: pg.PoolClient, change: FeedChange, write: typeof storeParts): Promise<void> {
  await lockMerchants(client, change);
  await findTouchedOrders(client, change);
  await write(client, change);
  await deriveFacts(client, change.kind);
  for (const plan of [DAY_SUMS, ...MONTH_SUMS]) await addSums(client, plan, change.kind);
}

function inspectAmounts(record: FeedRecord): FeedDefect | undefined {
  const amounts = record as { readonly [field in (typeof AMOUNTS)[number]]?: number };
  const field = AMOUNTS.find((name) => (amounts[name] ?? 0) > AMOUNT_MINOR_MAX);
  return field === undefined
    ? undefined
    : { pointer: `/${field}`, message: `The amount is above ${AMOUNT_MINOR_MAX}.` };
}
