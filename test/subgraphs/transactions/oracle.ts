/**
 * The sums of the transactions subgraph, computed a second time: from the newest state of each record, order by order, in plain
 * code that shares nothing with the product but the width of a bucket.
 */
export interface Published {
  readonly platform: string;
  readonly kind: string;
  // Records are read field by field, as they were published.
  readonly record: any; // oxlint-disable-line no-explicit-any
}

type Sums = Map<string, Map<string, number>>;

const LN_GAMMA = Math.log(1.005 / 0.995);
const STATES = ["awaiting", "shipped", "delivered", "confirmed"] as const;

/** Table -> key (columns joined by `|`) -> measure -> sum; sums of zero are left out. */
export function sumsOf(newest: readonly Published[]): Map<string, Sums> {
  const tables = new Map<string, Sums>();
  const add = (table: string, key: readonly unknown[], amounts: Record<string, number>) => {
    const sums = tables.get(table) ?? new Map<string, Map<string, number>>();
    tables.set(table, sums);
    const name = key.join("|");
    const row = sums.get(name) ?? new Map<string, number>();
    sums.set(name, row);
    for (const [measure, amount] of Object.entries(amounts))
      row.set(measure, (row.get(measure) ?? 0) + amount);
  };
  for (const order of newest.filter(({ kind }) => kind === "order")) addOrder(order, newest, add);
  for (const sums of tables.values()) {
    for (const [key, row] of sums) {
      for (const [measure, amount] of row) if (amount === 0) row.delete(measure);
      if (row.size === 0) sums.delete(key);
    }
  }
  return tables;
}

type Add = (table: string, key: readonly unknown[], amounts: Record<string, number>) => void;

function addOrder(order: Published, newest: readonly Published[], add: Add): void {
  const { platform, record: o } = order;
  const merchant = o.sellerId.slice(2);
  const zone = o.zone ?? "Asia/Shanghai";
  const dayOf = (ms: number) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(ms);
  const monthOf = (ms: number) => `${dayOf(ms).slice(0, 7)}-01`;
  const parts = (kind: string) =>
    newest.filter(
      (p) =>
        p.kind === kind &&
        p.record.sellerId === o.sellerId &&
        p.record.orderId === o.orderId &&
        (p.record.orderPlatform ?? p.platform) === platform &&
        (kind === "shipment" || p.record.currency === o.currency),
    );
  const outsidersFirst = (all: Published[]) => {
    const outside = all.filter((p) => p.platform !== platform);
    return outside.length > 0 ? outside : all;
  };
  const at = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

  const payments = outsidersFirst(parts("payment"));
  const paidAt =
    payments.length > 0 ? Math.min(...payments.map((p) => Date.parse(p.record.paidAt))) : at(o.paidAt);
  const paid =
    payments.length > 0
      ? sum(payments.map((p) => p.record.amountMinor))
      : paidAt === undefined
        ? 0
        : (o.paidMinor ?? o.totalMinor);

  const shipments = parts("shipment");
  const shippedAt = least(shipments.map((s) => Date.parse(s.record.shippedAt)));
  const publishers = [...new Set(shipments.map((s) => s.platform))];
  const deliveredAt = least(
    publishers
      .map((name) => shipments.filter((s) => s.platform === name).map((s) => at(s.record.deliveredAt)))
      .filter((all) => !all.includes(undefined))
      .map((all) => Math.max(...(all as number[]))),
  );
  const confirmedAt = at(o.confirmedAt);
  const cancelledAt = at(o.cancelledAt);
  const stateAt = (ms: number) =>
    confirmedAt !== undefined && confirmedAt <= ms
      ? 3
      : deliveredAt !== undefined && deliveredAt <= ms
        ? 2
        : shippedAt !== undefined && shippedAt <= ms
          ? 1
          : 0;

  const refunds = bestPublisher(
    parts("refund").filter((r) => r.record.refundedAt !== undefined),
    platform,
  );
  const refunded = sum(refunds.map((r) => r.record.amountMinor));
  const lost = [0, 0, 0, 0];
  for (const r of refunds) lost[stateAt(Date.parse(r.record.refundedAt))]! += r.record.amountMinor;
  const cancelledMinor = cancelledAt === undefined ? 0 : Math.max(0, paid - refunded);
  if (cancelledAt !== undefined) lost[stateAt(cancelledAt)]! += cancelledMinor;

  const settlements = outsidersFirst(parts("settlement"));
  const settledAt = least(settlements.map((s) => Date.parse(s.record.settledAt)));

  const key = [merchant, platform, o.currency];
  add("order_day", [merchant, dayOf(Date.parse(o.createdAt)), platform, o.currency], {
    created_orders: 1,
    created_minor: o.totalMinor,
  });
  for (const { platform: source, record: s } of settlements) {
    const settled = Date.parse(s.settledAt);
    const isForward = paidAt !== undefined && paidAt <= settled && paid > 0;
    const weight = isForward ? Math.trunc((s.grossMinor * Math.max(0, paid - refunded)) / paid) : 0;
    add("order_day", [merchant, dayOf(settled), platform, o.currency], {
      settlements: 1,
      settled_gross_minor: s.grossMinor,
      settled_fee_minor: s.feeMinor,
      settled_chargeback_minor: s.chargebackMinor ?? 0,
      settled_weight: weight,
      settled_weight_seconds: isForward ? weight * Math.floor((settled - paidAt) / 1000) : 0,
    });
    add("source_month", [merchant, monthOf(settled), o.currency, "settlement", source], { n: 1 });
  }
  const counted = new Set(["order:" + platform]);
  for (const kind of ["payment", "refund", "shipment"]) {
    for (const p of parts(kind))
      if (kind !== "refund" || p.record.refundedAt !== undefined) counted.add(`${kind}:${p.platform}`);
  }
  for (const named of counted)
    add(
      "source_month",
      [merchant, monthOf(paidAt ?? Date.parse(o.createdAt)), o.currency, ...named.split(":")],
      { n: 1 },
    );
  if (paidAt === undefined) return;

  const payers = new Set(payments.map((p) => p.platform));
  const others = [...shipments, ...parts("settlement")].some(
    (p) => p.platform !== platform && !payers.has(p.platform),
  );
  const level = payers.size === 0 || (payers.size === 1 && payers.has(platform)) ? 1 : others ? 3 : 2;
  const promisedShip =
    at(o.promisedShipAt) ?? least(shipments.flatMap((s) => at(s.record.promisedShipAt) ?? []));
  const promisedDelivery =
    at(o.promisedDeliveryAt) ?? least(shipments.flatMap((s) => at(s.record.promisedDeliveryAt) ?? []));
  const has = (...values: unknown[]) => Number(values.every((value) => value !== undefined));
  add("order_day", [merchant, dayOf(paidAt), platform, o.currency], {
    paid_orders: 1,
    paid_minor: paid,
    paid_second_minor: level >= 2 ? paid : 0,
    paid_third_minor: level >= 3 ? paid : 0,
    pre_ship_cancelled_orders: Number(
      cancelledAt !== undefined && (shippedAt === undefined || cancelledAt < shippedAt),
    ),
    cancelled_minor: cancelledMinor,
    refunded_orders: Number(refunded > 0),
    refunded_minor: refunded,
    ship_promised_orders: has(shippedAt, promisedShip),
    ship_on_time_orders: Number(shippedAt! <= promisedShip!),
    delivery_promised_orders: has(deliveredAt, promisedDelivery),
    delivery_on_time_orders: Number(deliveredAt! <= promisedDelivery!),
    shipped_orders: has(shippedAt),
    tracked_orders: Number(
      shipments.some(
        (s) =>
          s.record.trackingNumber !== undefined &&
          (s.platform !== platform || publisherDelivered(shipments, s.platform)),
      ),
    ),
  });
  const month = monthOf(paidAt);
  const sketch = (measure: string, value: number | undefined) => {
    if (value === undefined || value < 0) return;
    add(
      "sketch_month",
      [
        merchant,
        month,
        measure,
        platform,
        o.currency,
        value === 0 ? -1 : Math.ceil(Math.log(value) / LN_GAMMA),
      ],
      { n: 1 },
    );
  };
  const lag = (from: number | undefined, until: number | undefined) =>
    from === undefined || until === undefined || until < from ? undefined : Math.floor((until - from) / 1000);
  sketch("ORDER_VALUE", paid);
  sketch("PAY_TO_SHIP", lag(paidAt, shippedAt));
  sketch("SHIP_TO_DELIVER", lag(shippedAt, deliveredAt));
  sketch("DELIVER_TO_CONFIRM", lag(deliveredAt, confirmedAt));
  sketch("CONFIRM_TO_SETTLE", lag(confirmedAt, settledAt));

  const dimension = (name: string, value: string, amount: number) =>
    add("dimension_month", [merchant, name, month, platform, o.currency, value], {
      orders: 1,
      amount_minor: amount,
    });
  if (o.buyerId !== undefined) dimension("BUYER", o.buyerId, paid);
  if (o.region !== undefined) dimension("REGION", o.region, paid);
  const products = new Set<string>((o.lines ?? []).map((line: any) => line.productId)); // oxlint-disable-line no-explicit-any
  for (const product of products)
    dimension(
      "PRODUCT",
      product,
      sum(o.lines.filter((l: any) => l.productId === product).map((l: any) => l.amountMinor)),
    ); // oxlint-disable-line no-explicit-any

  const arrived = deliveredAt ?? confirmedAt;
  const isClosed = cancelledAt !== undefined || (refunded > 0 && refunded >= paid);
  if (arrived !== undefined || isClosed) {
    const ended =
      arrived ?? Math.max(cancelledAt ?? 0, ...refunds.map((r) => Date.parse(r.record.refundedAt)));
    add(
      "cohort_day",
      [merchant, month, platform, o.currency, arrived === undefined ? "CLOSED" : "DELIVERED", dayOf(ended)],
      {
        orders: 1,
        amount_minor: paid,
        refunded_orders: Number(refunded > 0),
        refunded_minor: refunded,
        ...Object.fromEntries(STATES.map((state, i) => [`lost_${state}_minor`, lost[i]!])),
      },
    );
  }
  if (settledAt === undefined && cancelledAt === undefined) {
    const state =
      confirmedAt !== undefined
        ? "CONFIRMED"
        : deliveredAt !== undefined
          ? "DELIVERED"
          : shippedAt !== undefined
            ? "SHIPPED"
            : "AWAITING_SHIP";
    add("receivable_month", [merchant, month, ...key.slice(1), state], {
      orders: 1,
      amount_minor: Math.max(0, paid - refunded),
    });
  }
}

function publisherDelivered(shipments: readonly Published[], platform: string): boolean {
  return shipments.some(
    (s) =>
      s.platform === platform && s.record.trackingNumber !== undefined && s.record.deliveredAt !== undefined,
  );
}

/** The refunds of the publisher with the greatest sum; the marketplace, then the first by name, where sums are equal. */
function bestPublisher(refunds: readonly Published[], home: string): Published[] {
  const totals = [...new Set(refunds.map((r) => r.platform))].map((name) => ({
    name,
    total: sum(refunds.filter((r) => r.platform === name).map((r) => r.record.amountMinor)),
  }));
  totals.sort(
    (a, b) =>
      b.total - a.total || Number(b.name === home) - Number(a.name === home) || (a.name < b.name ? -1 : 1),
  );
  return refunds.filter((r) => r.platform === totals[0]?.name);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}
