import { Arg, Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { Clock } from "../../foundation/clock.js";
import type { Postgres } from "../../foundation/postgres.js";
import type { SubgraphContext } from "../host/context.js";
import { ConsentPolicy } from "../host/directives.js";
import { WindowInput } from "../host/metric-types.js";
import { createNaming, type Naming } from "../host/records/read-secret.js";
import { FrameArgs } from "./graph/frame-args.js";
import { Logistics } from "./graph/logistics.js";
import { Merchant } from "./graph/merchant.js";
import { Settlements } from "./graph/settlements.js";
import { Transactions } from "./graph/transactions.js";
import { View } from "./graph/view.js";
import { TransactionLoads } from "./load/loads.js";

/** What a merchant sold, was paid and shipped. */
@Resolver(() => Merchant)
export class TransactionsResolver {
  readonly #postgres: Postgres;
  readonly #clock: Clock;
  readonly #naming: Naming;

  constructor(deps: { readonly postgres: Postgres; readonly clock: Clock }) {
    this.#postgres = deps.postgres;
    this.#clock = deps.clock;
    this.#naming = createNaming(deps.postgres, "transactions");
  }

  @ConsentPolicy("TRANSACTIONS")
  @FieldResolver(() => Transactions, {
    nullable: true,
    description:
      "Sales. Without a currency, amounts of a window with several are null (MIXED_CURRENCY). Category TRANSACTIONS.",
  })
  transactions(
    @Root() merchant: Merchant,
    @Args(() => FrameArgs) { window, currency }: FrameArgs,
    @Ctx() context: SubgraphContext,
  ): Transactions {
    const grant = context.permit.require(merchant.id, "TRANSACTIONS");
    return new Transactions(View.open(this.#loads(context), { grant, window, currency }));
  }

  @ConsentPolicy("SETTLEMENTS")
  @FieldResolver(() => Settlements, {
    nullable: true,
    description: "Payouts, fees, receivables and the cash cycle. Category SETTLEMENTS.",
  })
  settlements(
    @Root() merchant: Merchant,
    @Args(() => FrameArgs) { window, currency }: FrameArgs,
    @Ctx() context: SubgraphContext,
  ): Settlements {
    const grant = context.permit.require(merchant.id, "SETTLEMENTS");
    return new Settlements(View.open(this.#loads(context), { grant, window, currency }));
  }

  @ConsentPolicy("LOGISTICS")
  @FieldResolver(() => Logistics, {
    nullable: true,
    description: "On-time rates, tracking and lead times. Category LOGISTICS.",
  })
  logistics(
    @Root() merchant: Merchant,
    @Arg("window", () => WindowInput, { nullable: true }) window: WindowInput | null | undefined,
    @Ctx() context: SubgraphContext,
  ): Logistics {
    const grant = context.permit.require(merchant.id, "LOGISTICS");
    return new Logistics(View.open(this.#loads(context), { grant, window }));
  }

  #loads(context: SubgraphContext): TransactionLoads {
    return context.loads.get(
      "transactions",
      () => new TransactionLoads(this.#postgres.pool, this.#naming, this.#clock.now()),
    );
  }
}
