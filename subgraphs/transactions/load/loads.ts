import DataLoader from "dataloader";
import type pg from "pg";
import { dayAt } from "./days.js";
import { type FrameKey, frameKeyText, opensAny } from "./frame-key.js";
import { loadQuantiles, loadSpreads } from "./load-distributions.js";
import { loadMonths, loadSaleDays } from "./load-months.js";
import { loadMatured, loadPriors, loadReceivables, loadSources } from "./load-states.js";
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

/** The reads of one request: one statement a table, however many merchants and windows are asked for. */
export class TransactionLoads {
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

  constructor(pool: pg.Pool, asOf: Date) {
    const today = dayAt(asOf);
    this.asOf = asOf;
    this.months = byFrame([], (keys) => loadMonths(pool, keys, today));
    this.saleDays = byFrame({ days: 0, firstDay: null }, (keys) => loadSaleDays(pool, keys, today));
    this.quantiles = byFrame([], (keys) => loadQuantiles(pool, keys));
    this.spreads = byFrame([], (keys) => loadSpreads(pool, keys));
    this.matured = byFrame([], (keys) => loadMatured(pool, keys, today));
    this.receivables = byFrame([], (keys) => loadReceivables(pool, keys));
    this.sources = byFrame([], (keys) => loadSources(pool, keys));
    this.priors = new DataLoader((platforms: readonly string[]) => loadPriors(pool, platforms));
  }
}

/** A loader that never asks the database where nothing is open. */
function byFrame<Row>(
  empty: Row,
  load: (keys: readonly FrameKey[]) => Promise<readonly Row[]>,
): ByFrame<Row> {
  const batch = async (keys: readonly FrameKey[]): Promise<readonly Row[]> => {
    const asked = keys.filter(opensAny);
    const found = asked.length === 0 ? [] : await load(asked);
    const byText = new Map(asked.map((key, i) => [frameKeyText(key), found[i]]));
    return keys.map((key) => byText.get(frameKeyText(key)) ?? empty);
  };
  return new DataLoader(batch, { cacheKeyFn: frameKeyText });
}
