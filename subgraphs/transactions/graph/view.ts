import { BureauError } from "../../../schema/errors.js";
import type { PermitGrant } from "../../../schema/claims.js";
import { accountsOf } from "../../host/accounts.js";
import type { WindowInput } from "../../host/metric-types.js";
import type { PageArgs, PageInfo } from "../../host/paging.js";
import type { RecordNames } from "../../host/records/record-names.js";
import { pageOfRecords, readRecordPage } from "../../host/records/record-page.js";
import { intersectMonths, readWindow } from "../../host/window.js";
import type { FrameKey } from "../load/frame-key.js";
import type { TransactionLoads } from "../load/loads.js";
import type { RecordKey } from "../load/record-key.js";
import type { RecordRow } from "../load/record-rows.js";
import type { RefundPrior } from "../load/rows.js";
import type { Frame } from "../measures/frame.js";
import { historyRange } from "../measures/variability.js";

const CURRENCY = /^[A-Z]{3}$/;

/** What one field of a merchant asks for. */
export interface Question {
  readonly grant: PermitGrant;
  readonly window: WindowInput | null | undefined;
  readonly currency?: string | null | undefined;
}

/** A list of single records: its name, how rows are read, and how one leaves. */
export interface Listing<Row extends RecordRow, Node> {
  readonly list: "orders" | "payouts" | "shipments";
  readonly load: (loads: TransactionLoads, key: RecordKey) => Promise<readonly Row[]>;
  readonly node: (names: RecordNames, merchant: string, row: Row) => Node;
}

/** One merchant's numbers in one window, read when a field asks for them. */
export class View {
  readonly #loads: TransactionLoads;
  readonly #key: FrameKey;
  readonly #historyKey: FrameKey;

  private constructor(loads: TransactionLoads, key: FrameKey, historyKey: FrameKey) {
    this.#loads = loads;
    this.#key = key;
    this.#historyKey = historyKey;
  }

  /** Never wider than the permit's months and accounts. @throws BAD_USER_INPUT when the window or the currency is malformed */
  static open(loads: TransactionLoads, { grant, window, currency = null }: Question): View {
    if (currency !== null && !CURRENCY.test(currency)) {
      throw new BureauError("BAD_USER_INPUT", "currency", { facts: { argument: "currency" } });
    }
    const range = intersectMonths(readWindow(window, loads.asOf), grant.months);
    const history = intersectMonths(historyRange(loads.asOf), grant.months);
    const of = { merchant: grant.merchant, accounts: accountsOf(grant), currency };
    return new View(loads, { ...of, range }, { ...of, range: history });
  }

  /** The months of the window. */
  frame(): Promise<Frame> {
    return this.#frameOf(this.#key);
  }

  /** All months that the permit opens, at most 60. */
  history(): Promise<Frame> {
    return this.#frameOf(this.#historyKey);
  }

  saleDays() {
    return this.#loads.saleDays.load(this.#key);
  }

  quantiles() {
    return this.#loads.quantiles.load(this.#key);
  }

  spreads() {
    return this.#loads.spreads.load(this.#key);
  }

  matured() {
    return this.#loads.matured.load(this.#key);
  }

  /** Matured orders of all months that the permit opens: the ground of refund chances. */
  maturedHistory() {
    return this.#loads.matured.load(this.#historyKey);
  }

  receivables() {
    return this.#loads.receivables.load(this.#key);
  }

  /** Refund chances by platform. */
  async priors(platforms: readonly string[]): Promise<ReadonlyMap<string, RefundPrior | undefined>> {
    const found = await Promise.all(platforms.map((platform) => this.#loads.priors.load(platform)));
    return new Map(platforms.map((platform, i) => [platform, found[i]]));
  }

  /** The merchant (USCC). */
  get merchant(): string {
    return this.#key.merchant;
  }

  /** A page of single records of the window, newest first. @throws BAD_USER_INPUT when an argument is malformed */
  async page<Row extends RecordRow, Node>(
    args: PageArgs,
    { list, load, node }: Listing<Row, Node>,
  ): Promise<{ readonly nodes: Node[]; readonly pageInfo: PageInfo }> {
    const { merchant } = this;
    const names = await this.#loads.naming();
    const page = readRecordPage(args, names, { merchant, list });
    const rows = await load(this.#loads, { ...this.#key, page });
    return pageOfRecords(rows, page, {
      node: (row) => node(names, merchant, row),
      cursor: ({ at, key, platform }) => names.seal({ merchant, list }, [at, key, platform]),
    });
  }

  async #frameOf(key: FrameKey): Promise<Frame> {
    const [rows, sources] = await Promise.all([this.#loads.months.load(key), this.#loads.sources.load(key)]);
    return { window: key.range, asOf: this.#loads.asOf, currency: key.currency, rows, sources };
  }
}
