import { Arg, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { MonthRange } from "../../schema/claims.js";
import { accountsOf } from "../host/accounts.js";
import type { SubgraphContext } from "../host/context.js";
import type { SubgraphDeps } from "../host/deps.js";
import { ConsentPolicy } from "../host/directives.js";
import { WindowInput } from "../host/metric-types.js";
import { intersectMonths, readWindow } from "../host/window.js";
import { reviewLoader, socialLoader } from "./loaders.js";
import { Reviews } from "./review-types.js";
import { trendStart } from "./reviews/review-trend.js";
import { summarizeReviews } from "./reviews/summarize-reviews.js";
import { Social } from "./social-types.js";
import { summarizeSocial } from "./social/summarize-social.js";
import { Merchant } from "./types.js";

@Resolver(() => Merchant)
export class SignalsResolver {
  readonly #deps: SubgraphDeps;

  constructor(deps: SubgraphDeps) {
    this.#deps = deps;
  }

  /** @throws PERMIT_INVALID, BAD_USER_INPUT */
  @ConsentPolicy("REVIEWS")
  @FieldResolver(() => Reviews, { nullable: true, description: "What buyers wrote of the merchant." })
  async reviews(
    @Root() { id }: Merchant,
    @Ctx() context: SubgraphContext,
    @Arg("window", () => WindowInput, { nullable: true }) input?: WindowInput | null,
  ): Promise<Reviews> {
    const grant = context.permit.require(id, "REVIEWS");
    const now = this.#deps.clock.now();
    const window = openWindow(input, now, grant.months);
    const bounds = { merchant: id, accounts: accountsOf(grant), window };
    const question = { ...bounds, trendFrom: trendStart(window.until, now) };
    const rollup = await reviewLoader(context.loads, this.#deps.postgres).load(question);
    return { ...summarizeReviews(rollup, window, now), bounds };
  }

  /** @throws PERMIT_INVALID, BAD_USER_INPUT */
  @ConsentPolicy("SOCIAL")
  @FieldResolver(() => Social, {
    nullable: true,
    description: "Reach and engagement of the merchant's own channels.",
  })
  async social(
    @Root() { id }: Merchant,
    @Ctx() context: SubgraphContext,
    @Arg("window", () => WindowInput, { nullable: true }) input?: WindowInput | null,
  ): Promise<Social> {
    const grant = context.permit.require(id, "SOCIAL");
    const now = this.#deps.clock.now();
    const window = openWindow(input, now, grant.months);
    const bounds = { merchant: id, accounts: accountsOf(grant), window };
    const rows = await socialLoader(context.loads, this.#deps.postgres).load(bounds);
    return { ...summarizeSocial(rows, window, now), bounds };
  }
}

/** The months asked for, as far as the grant opens them. */
function openWindow(
  input: WindowInput | null | undefined,
  now: Date,
  opened: MonthRange | undefined,
): MonthRange {
  return intersectMonths(readWindow(input, now), opened);
}
