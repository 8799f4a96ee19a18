import { Arg, Field, Int, ObjectType, registerEnumType } from "type-graphql";
import { BureauError } from "../../../schema/errors.js";
import type { Metric } from "../../host/metric-types.js";
import { TOP_MAX } from "../load/load-distributions.js";
import {
  concentrationHhi,
  normalizedHhi,
  platformSpread,
  type SpreadOf,
  topShare,
} from "../measures/concentration.js";
import type { Frame } from "../measures/frame.js";
import { Figure } from "./fields.js";
import type { View } from "./view.js";

/** What sales can be concentrated in. */
export const ConcentrationDimension = {
  BUYER: "BUYER",
  PRODUCT: "PRODUCT",
  REGION: "REGION",
  PLATFORM: "PLATFORM",
} as const;
export type ConcentrationDimension = (typeof ConcentrationDimension)[keyof typeof ConcentrationDimension];
registerEnumType(ConcentrationDimension, {
  name: "ConcentrationDimension",
  description:
    "What sales are split by. Buyers are pseudonyms per platform: the same person on two platforms counts twice.",
});

@ObjectType({
  description:
    "How far sales depend on a few buyers, products, regions or platforms. Amounts of paid orders.",
})
export class Concentration {
  @Field(() => ConcentrationDimension) dimension: ConcentrationDimension;
  readonly #frame: Frame;
  readonly #spread: SpreadOf | undefined;

  constructor(dimension: ConcentrationDimension, frame: Frame, spread: SpreadOf | undefined) {
    this.dimension = dimension;
    this.#frame = frame;
    this.#spread = spread;
  }

  @Field(() => Int, {
    description: "Buyers, products, regions or platforms with a paid order in the window.",
  })
  keyCount(): number {
    return this.#spread?.keys ?? 0;
  }

  @Figure(
    "Herfindahl-Hirschman index: sum of squared shares of the paid amount with a known key. Unit: ratio, 1/k to 1. Source: order, payment.",
  )
  concentrationHhi(): Metric {
    return concentrationHhi(this.#frame, this.#spread);
  }

  @Figure("(HHI - 1/k) / (1 - 1/k) over k keys. Unit: ratio, 0 to 1. Source: order, payment.")
  normalizedHhi(): Metric {
    return normalizedHhi(this.#frame, this.#spread);
  }

  @Figure("Share of the n largest keys, n 1 to 10. Unit: ratio. Source: order, payment.")
  topNShare(@Arg("n", () => Int, { defaultValue: 1 }) n: number): Metric {
    if (n < 1 || n > TOP_MAX)
      throw new BureauError("BAD_USER_INPUT", "n", { facts: { argument: "n", max: TOP_MAX } });
    return topShare(this.#frame, this.#spread, n);
  }
}

/** One of each dimension; buyers, products and regions are read only here. */
export async function concentrations(view: View): Promise<Concentration[]> {
  const [frame, spreads] = await Promise.all([view.frame(), view.spreads()]);
  return Object.values(ConcentrationDimension).map((dimension) => {
    const spread =
      dimension === "PLATFORM"
        ? platformSpread(frame)
        : spreads.find((found) => found.dimension === dimension);
    return new Concentration(dimension, frame, spread);
  });
}
