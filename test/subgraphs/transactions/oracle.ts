/*
 * The sums of the transactions subgraph, computed a second time: from the newest state of each record, order by order, in
 * plain code that shares nothing with the product but the width of a bucket.
 */
import { merchantBehind } from "./sellers.js";
import { instant, least, type Published, stateAt, STATES, type Story, storyOf, sum } from "./order-story.js";

/** Table -> key (columns joined by `|`) -> measure -> sum. */
export type Tables = Record<string, Record<string, Record<string, number>>>;

const LN_GAMMA = Math.log(1.005 / 0.995);

/** The sums; those of zero are left out. */
export function sumsOf(newest: readonly Published[]): Tables {
  const ledger = new Ledger();
  for (const order of newest.filter(({ kind }) => kind === "order")) {
    const story = storyOf(order, newest);
    addCreated(ledger, story);
    addSettlements(ledger, story);
    addSources(ledger, story);
    if (story.paidAt === undefined) continue;
    addPaid(ledger, story, story.paidAt);
    addSketches(ledger, story, story.paidAt);
    addDimensions(ledger, story, story.paidAt);
    addOutcome(ledger, story, story.paidAt);
  }
  return ledger.tables();
}

class Ledger {
  readonly #tables = new Map<string, Map<string, Map<string, number>>>();

  add(table: string, key: readonly unknown[], amounts: Record<string, number>): void {
    const sums = this.#tables.get(table) ?? new Map<string, Map<string, number>>();
    this.#tables.set(table, sums);
    const row = sums.get(key.join("|")) ?? new Map<string, number>();
    sums.set(key.join("|"), row);
    for (const [measure, amount] of Object.entries(amounts))
      row.set(measure, (row.get(measure) ?? 0) + amount);
  }

  tables(): Tables {
    const tables: Tables = {};
    for (const [table, sums] of this.#tables) {
      for (const [key, row] of sums) {
        const kept = Object.fromEntries([...row].filter(([, amount]) => amount !== 0));
        if (Object.keys(kept).length > 0) (tables[table] ??= {})[key] = kept;
      }
    }
    return tables;
  }
}

const merchant = ({ order }: Story) => merchantBehind(order.sellerId);
/** The account that an order is counted under, and its currency. */
const account = ({ platform, order }: Story) => [platform, order.sellerId, order.currency];
const dayOf = ({ order }: Story, ms: number) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: order.zone ?? "Asia/Shanghai" }).format(ms);
const monthOf = (story: Story, ms: number) => `${dayOf(story, ms).slice(0, 7)}-01`;
const dayKey = (story: Story, ms: number) => [merchant(story), dayOf(story, ms), ...account(story)];
const has = (...values: unknown[]) => Number(values.every((value) => value !== undefined));

function addCreated(ledger: Ledger, story: Story): void {
  const { order } = story;
  ledger.add("order_day", dayKey(story, Date.parse(order.createdAt)), {
    created_orders: 1,
    created_minor: order.totalMinor,
  });
}

function addSettlements(ledger: Ledger, story: Story): void {
  const { paidAt, paid, refunded } = story;
  for (const { platform: source, record: s } of story.settlements) {
    const settled = Date.parse(s.settledAt);
    const isForward = paidAt !== undefined && paidAt <= settled && paid > 0;
    const weight = isForward ? Math.trunc((s.grossMinor * Math.max(0, paid - refunded)) / paid) : 0;
    ledger.add("order_day", dayKey(story, settled), {
      settlements: 1,
      settled_gross_minor: s.grossMinor,
      settled_fee_minor: s.feeMinor,
      settled_chargeback_minor: s.chargebackMinor ?? 0,
      settled_weight: weight,
      settled_weight_seconds: isForward ? weight * Math.floor((settled - paidAt) / 1000) : 0,
    });
    ledger.add(
      "source_month",
      [merchant(story), monthOf(story, settled), ...account(story), "settlement", source],
      { n: 1 },
    );
  }
}

function addSources(ledger: Ledger, story: Story): void {
  const parts = [...story.allPayments, ...story.allRefunds, ...story.shipments];
  const named = new Set([`order|${story.platform}`, ...parts.map((p) => `${p.kind}|${p.platform}`)]);
  const month = monthOf(story, story.paidAt ?? Date.parse(story.order.createdAt));
  for (const name of named)
    ledger.add("source_month", [merchant(story), month, ...account(story), name], { n: 1 });
}

function levelOf({ platform, payments, shipments, allSettlements }: Story): number {
  const payers = new Set(payments.map((p) => p.platform));
  if (payers.size === 0 || (payers.size === 1 && payers.has(platform))) return 1;
  return [...shipments, ...allSettlements].some((p) => p.platform !== platform && !payers.has(p.platform))
    ? 3
    : 2;
}

function addPaid(ledger: Ledger, story: Story, paidAt: number): void {
  const { order, shipments, shippedAt, deliveredAt, cancelledAt, paid, refunded } = story;
  const promisedShip =
    instant(order.promisedShipAt) ?? least(shipments.flatMap((s) => instant(s.record.promisedShipAt) ?? []));
  const promisedDelivery =
    instant(order.promisedDeliveryAt) ??
    least(shipments.flatMap((s) => instant(s.record.promisedDeliveryAt) ?? []));
  const level = levelOf(story);
  const isScanned = (s: Published) =>
    s.record.trackingNumber !== undefined &&
    (s.platform !== story.platform || s.record.deliveredAt !== undefined);
  ledger.add("order_day", dayKey(story, paidAt), {
    paid_orders: 1,
    paid_minor: paid,
    paid_second_minor: level >= 2 ? paid : 0,
    paid_third_minor: level >= 3 ? paid : 0,
    pre_ship_cancelled_orders: Number(
      cancelledAt !== undefined && (shippedAt === undefined || cancelledAt < shippedAt),
    ),
    cancelled_minor: cancelledMinor(story),
    refunded_orders: Number(refunded > 0),
    refunded_minor: refunded,
    ship_promised_orders: has(shippedAt, promisedShip),
    ship_on_time_orders: Number(shippedAt! <= promisedShip!),
    delivery_promised_orders: has(deliveredAt, promisedDelivery),
    delivery_on_time_orders: Number(deliveredAt! <= promisedDelivery!),
    shipped_orders: has(shippedAt),
    tracked_orders: Number(shipments.some(isScanned)),
  });
}

function cancelledMinor({ cancelledAt, paid, refunded }: Story): number {
  return cancelledAt === undefined ? 0 : Math.max(0, paid - refunded);
}

function addSketches(ledger: Ledger, story: Story, paidAt: number): void {
  const { shippedAt, deliveredAt, confirmedAt } = story;
  const settledAt = least(story.settlements.map((s) => Date.parse(s.record.settledAt)));
  const lag = (from: number | undefined, until: number | undefined) =>
    from === undefined || until === undefined || until < from ? undefined : Math.floor((until - from) / 1000);
  const values = {
    ORDER_VALUE: story.paid,
    PAY_TO_SHIP: lag(paidAt, shippedAt),
    SHIP_TO_DELIVER: lag(shippedAt, deliveredAt),
    DELIVER_TO_CONFIRM: lag(deliveredAt, confirmedAt),
    CONFIRM_TO_SETTLE: lag(confirmedAt, settledAt),
  };
  for (const [measure, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const bucket = value === 0 ? -1 : Math.ceil(Math.log(value) / LN_GAMMA);
    const key = [merchant(story), monthOf(story, paidAt), measure, ...account(story), bucket];
    ledger.add("sketch_month", key, { n: 1 });
  }
}

function addDimensions(ledger: Ledger, story: Story, paidAt: number): void {
  const { order } = story;
  const add = (dimension: string, value: string, amount: number) =>
    ledger.add(
      "dimension_month",
      [merchant(story), dimension, monthOf(story, paidAt), ...account(story), value],
      {
        orders: 1,
        amount_minor: amount,
      },
    );
  if (order.buyerId !== undefined) add("BUYER", order.buyerId, story.paid);
  if (order.region !== undefined) add("REGION", order.region, story.paid);
  const lines: readonly { productId: string; amountMinor: number }[] = order.lines ?? [];
  for (const product of new Set(lines.map((line) => line.productId))) {
    add(
      "PRODUCT",
      product,
      sum(lines.filter((line) => line.productId === product).map((line) => line.amountMinor)),
    );
  }
}

function addOutcome(ledger: Ledger, story: Story, paidAt: number): void {
  const { paid, refunded, refunds, cancelledAt } = story;
  const key = [merchant(story), monthOf(story, paidAt), ...account(story)];
  if (story.settlements.length === 0 && cancelledAt === undefined) {
    ledger.add("receivable_month", [...key, stateAt(story, Infinity)], {
      orders: 1,
      amount_minor: Math.max(0, paid - refunded),
    });
  }
  const arrived = story.deliveredAt ?? story.confirmedAt;
  const isClosed = cancelledAt !== undefined || (refunded > 0 && refunded >= paid);
  if (arrived === undefined && !isClosed) return;
  const ended = arrived ?? Math.max(cancelledAt ?? 0, ...refunds.map((r) => Date.parse(r.record.refundedAt)));
  const lostIn = (state: string) =>
    sum(
      refunds
        .filter((r) => stateAt(story, Date.parse(r.record.refundedAt)) === state)
        .map((r) => r.record.amountMinor),
    ) + (cancelledAt !== undefined && stateAt(story, cancelledAt) === state ? cancelledMinor(story) : 0);
  const lost = STATES.map((state) => [
    `lost_${state.toLowerCase().replace("_ship", "")}_minor`,
    lostIn(state),
  ]);
  ledger.add("cohort_day", [...key, arrived === undefined ? "CLOSED" : "DELIVERED", dayOf(story, ended)], {
    orders: 1,
    amount_minor: paid,
    refunded_orders: Number(refunded > 0),
    refunded_minor: refunded,
    ...Object.fromEntries(lost),
  });
}
