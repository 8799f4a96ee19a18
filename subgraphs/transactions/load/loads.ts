import DataLoader from "dataloader";
import type pg from "pg";
import type { Naming } from "../../host/records/read-secret.js";
import { dayAt } from "./days.js";
import { type FrameKey, frameKeyText, opensAny } from "./frame-key.js";
import { loadQuantiles, loadSpreads } from "./load-distributions.js";
import { loadMonths, loadSaleDays } from "./load-months.js";
import { loadOrders, loadPayouts, loadShipments } from "./load-records.js";
import { loadMatured, loadPriors, loadReceivables, loadSources } from "./load-states.js";
import { type RecordKey, recordKeyText } from "./record-key.js";
import type { OrderRow, PayoutRow, ShipmentRow } from "./record-rows.js";
import type {
  MaturedRow,
  MonthRow,
  Quantiles,
  ReceivableRow,
  RefundPrior,
  SaleDays,
  SourceRow,
  Spread,
} from "./rows.js";

type ByFrame<Row> = DataLoader<FrameKey, Row, string>;
type ByPage<Row> = DataLoader<RecordKey, readonly Row[], string>;

/** The reads of one request: one statement a table, however many merchants and windows are asked for. */
export class TransactionLoads {
  readonly naming: Naming;
  /** The instant that every answer of the request stands for. */
  readonly asOf: Date;
  readonly months: ByFrame<readonly MonthRow[]>;
  readonly saleDays: ByFrame<SaleDays>;
  readonly quantiles: ByFrame<readonly Quantiles[]>;
  readonly spreads: ByFrame<readonly Spread[]>;
  readonly matured: ByFrame<readonly MaturedRow[]>;
  readonly receivables: ByFrame<readonly ReceivableRow[]>;
  readonly sources: ByFrame<readonly SourceRow[]>;
  readonly priors: DataLoader<string, RefundPrior | undefined>;
  readonly orders: ByPage<OrderRow>;
  readonly payouts: ByPage<PayoutRow>;
  readonly shipments: ByPage<ShipmentRow>;

  constructor(pool: pg.Pool, naming: Naming, asOf: Date) {
    const today = dayAt(asOf);
    this.naming = naming;
    this.asOf = asOf;
    this.months = byFrame([], (keys) => loadMonths(pool, keys, today));
    this.saleDays = byFrame({ days: 0, firstDay: null }, (keys) => loadSaleDays(pool, keys, today));
    this.quantiles = byFrame([], (keys) => loadQuantiles(pool, keys));
    this.spreads = byFrame([], (keys) => loadSpreads(pool, keys));
    this.matured = byFrame([], (keys) => loadMatured(pool, keys, today));
    this.receivables = byFrame([], (keys) => loadReceivables(pool, keys));
    this.sources = byFrame([], (keys) => loadSources(pool, keys));
    this.priors = new DataLoader((platforms: readonly string[]) => loadPriors(pool, platforms));
    this.orders = byPage((keys) => loadOrders(pool, keys));
    this.payouts = byPage((keys) => loadPayouts(pool, keys));
    this.shipments = byPage((keys) => loadShipments(pool, keys));
  }
}

function byFrame<Row>(
  empty: Row,
  load: (keys: readonly FrameKey[]) => Promise<readonly Row[]>,
): ByFrame<Row> {
  return byKey(empty, load, frameKeyText);
}

/** At most 200 pages a statement. */
function byPage<Row>(
  load: (keys: readonly RecordKey[]) => Promise<readonly (readonly Row[])[]>,
): ByPage<Row> {
  return byKey<RecordKey, readonly Row[]>([], load, recordKeyText, 200);
}

/** A loader that never asks the database where nothing is open. */
function byKey<Key extends FrameKey, Row>(
  empty: Row,
  load: (keys: readonly Key[]) => Promise<readonly Row[]>,
  textOf: (key: Key) => string,
  maxBatchSize = Infinity,
): DataLoader<Key, Row, string> {
  const batch = async (keys: readonly Key[]): Promise<readonly Row[]> => {
    const asked = keys.filter(opensAny);
    const found = asked.length === 0 ? [] : await load(asked);
    const byText = new Map(asked.map((key, i) => [textOf(key), found[i]]));
    return keys.map((key) => byText.get(textOf(key)) ?? empty);
  };
  return new DataLoader(batch, { cacheKeyFn: textOf, maxBatchSize });
}
