import { BureauError } from "../../schema/errors.js";
import type { Operation } from "../inquiry.js";
import type { Budgets, Quota } from "./budgets.js";
import type { CostModel } from "./cost-model.js";
import { priceOnce } from "./documents/fixed-price.js";
import type { PricedOperation } from "./price-operation.js";
import { rateLimited } from "./rate-limit-headers.js";

/** What an answer says of its cost, in `extensions.cost`. */
export interface CostNote {
  /** What the answer could cost at most; this is what was taken from the budget. */
  readonly estimated: number;
  /** What the answer did cost by the same weights; absent where there is no answer. */
  readonly actual?: number;
  /** What one operation may cost. */
  readonly operationMax: number;
  /** The client's budget for a minute, what is left of it, and when it is whole again; absent where it was not asked. */
  readonly limit?: number;
  readonly remaining?: number;
  readonly resetsInSeconds?: number;
}

export interface BillParts {
  readonly budgets: Budgets;
  readonly costs: CostModel;
  /** Told when an answer cost more than was estimated: a list is longer than declared. */
  readonly onExcess: (excess: number) => void;
}

/** The cost of one operation of one client. */
export class Bill {
  readonly #parts: BillParts;
  readonly #client: readonly string[];
  #priced: PricedOperation | undefined;
  #quota: Quota | undefined;

  constructor(parts: BillParts, client: readonly string[]) {
    this.#parts = parts;
    this.#client = client;
  }

  /**
   * Prices the operation and takes the price from the client's budget before anything is decided or fetched.
   * @throws OPERATION_TOO_COSTLY, RATE_LIMITED
   */
  async charge(operation: Operation, onQuota: (quota: Quota) => void): Promise<void> {
    const { budgets, costs } = this.#parts;
    const priced = priceOnce(costs, operation);
    this.#priced = priced;
    const { estimated } = priced;
    const max = budgets.operationCostMax;
    if (estimated > max) {
      const problem = `the operation can cost ${estimated}, more than ${max}`;
      throw new BureauError("OPERATION_TOO_COSTLY", problem, { facts: { problem } });
    }
    const { isAdmitted, ...quota } = await budgets.takeCost(this.#client, estimated);
    this.#quota = quota;
    onQuota(quota);
    if (!isAdmitted) throw rateLimited(quota);
  }

  /**
   * Measures what leaves, never what was fetched and withheld, and says what it cost. A source that gave a longer list than
   * declared costs its asker the rest too, so that no more is ever answered than was paid for.
   */
  settle(data: unknown): CostNote | undefined {
    const note = this.note();
    if (this.#priced === undefined || note === undefined) return note;
    const actual = this.#priced.measure(data);
    const excess = actual - this.#priced.estimated;
    if (excess > 0) {
      this.#parts.onExcess(excess);
      // The answer does not wait: the budget is a limit on what comes next.
      this.#parts.budgets.chargeCost(this.#client, excess).catch(() => {});
    }
    return { ...note, actual };
  }

  /** What the operation can cost and what is left; `undefined` before it was priced. */
  note(): CostNote | undefined {
    if (this.#priced === undefined) return undefined;
    const { estimated } = this.#priced;
    const operationMax = this.#parts.budgets.operationCostMax;
    if (this.#quota === undefined) return { estimated, operationMax };
    const { limit, remaining, resetsInSeconds } = this.#quota;
    return { estimated, operationMax, limit, remaining, resetsInSeconds };
  }
}
