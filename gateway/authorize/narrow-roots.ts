import type { Authorized, Inquiry } from "../inquiry.js";
import type { GuardedRoot } from "../plan/guard-operation.js";

/** In the form of a merchant's code, and nobody's: stands in requests where a root does not run. */
const NOBODY = "000000000000000000";

/**
 * The second point of enforcement, root by root after variables were coerced: a merchant that opens nothing is not named
 * to any subgraph. A root that asks about one such merchant does not run; a portfolio asks about the others only.
 */
export class RootNarrower {
  readonly #authorized: Authorized;
  readonly #refused: ReadonlySet<string>;
  readonly #kept = new Map<string, readonly number[]>();
  readonly #variables: Record<string, unknown> = {};

  constructor(authorized: Authorized) {
    this.#authorized = authorized;
    this.#refused = new Set(authorized.refusedRoots.map((root) => root.responseKey));
  }

  /** Whom each root asks about, by the variable that carries it. */
  get variables(): Readonly<Record<string, unknown>> {
    return this.#variables;
  }

  /** Where the merchants of a shortened portfolio stood, by response key. */
  get keptPositions(): ReadonlyMap<string, readonly number[]> {
    return this.#kept;
  }

  /** What is open of those that the root asks about; `undefined` when it may not run. */
  admit({ responseKey, subject }: GuardedRoot): readonly Inquiry[] | undefined {
    // Not null where it may not be.
    if (subject !== undefined) this.#variables[subject.variable] = subject.isList ? [] : NOBODY;
    if (this.#refused.has(responseKey)) return undefined;
    const merchants = this.#authorized.positions.get(responseKey);
    if (merchants === undefined) return [];
    const open: Inquiry[] = [];
    const positions: number[] = [];
    for (const [position, merchant] of merchants.entries()) {
      const inquiry = this.#authorized.inquiries.get(merchant);
      if (inquiry === undefined || inquiry.granted.size === 0) continue;
      open.push(inquiry);
      positions.push(position);
    }
    if (open.length === 0) return undefined;
    if (open.length < merchants.length) this.#kept.set(responseKey, positions);
    if (subject !== undefined)
      this.#variables[subject.variable] = subject.isList ? open.map(namedInquiry) : open[0]?.merchant;
    return open;
  }
}

function namedInquiry({ merchant, purpose, reference }: Inquiry): object {
  return { id: merchant, purpose, reference };
}
