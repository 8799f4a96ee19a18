import DataLoader from "dataloader";
import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import type { Clock } from "../../foundation/clock.js";
import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";
import { accountsOf } from "../host/accounts.js";
import type { SubgraphContext } from "../host/context.js";
import { ConsentPolicy, PartyPolicy } from "../host/directives.js";
import { describeIdentity } from "./describe-identity.js";
import { grantedMerchant } from "./reference.js";
import { type AccountLink, type LinkQuestion, loadLinks } from "./store.js";
import { Identity, InquiryArgs, InquiryInput, Merchant } from "./types.js";

/** Most merchants that one operation may ask about. */
export const INQUIRIES_MAX = 100;

const REFERENCE = /^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/;

/** The roots of the graph, and who a merchant is. */
@Resolver(() => Merchant)
export class MerchantResolver {
  readonly #postgres: Postgres;
  readonly #clock: Clock;

  constructor(deps: { readonly postgres: Postgres; readonly clock: Clock }) {
    this.#postgres = deps.postgres;
    this.#clock = deps.clock;
  }

  @PartyPolicy(["bank", "scope:profile:read"])
  @Query(() => Merchant, {
    nullable: true,
    description: "The unified credit profile of one merchant, as far as a live consent releases it.",
  })
  merchant(
    @Args(() => InquiryArgs) { id, reference }: InquiryArgs,
    @Ctx() context: SubgraphContext,
  ): Merchant | null {
    requireAsker(context, "bank");
    requireReference(reference);
    return grantedMerchant(id, context);
  }

  @PartyPolicy(["bank", "scope:profile:read"])
  @Query(() => [Merchant], {
    nullable: "items",
    description:
      "A portfolio: at most 100 at a time, each its own inquiry, each decided on its own; in the order asked.",
  })
  merchants(
    @Arg("inquiries", () => [InquiryInput]) inquiries: InquiryInput[],
    @Ctx() context: SubgraphContext,
  ): (Merchant | null)[] {
    requireAsker(context, "bank");
    if (inquiries.length > INQUIRIES_MAX) {
      throw new BureauError("BAD_USER_INPUT", "too many inquiries", {
        facts: { argument: "inquiries", max: INQUIRIES_MAX },
      });
    }
    for (const { reference } of inquiries) requireReference(reference);
    return inquiries.map(({ id }) => grantedMerchant(id, context));
  }

  @PartyPolicy(["merchant", "scope:profile:read"])
  @Query(() => Merchant, { nullable: true, description: "The merchant's own file." })
  me(@Ctx() context: SubgraphContext): Merchant | null {
    requireAsker(context, "merchant");
    return grantedMerchant(context.permit.principal.id, context);
  }

  @ConsentPolicy("IDENTITY")
  @FieldResolver(() => Identity, {
    nullable: true,
    description:
      "Name, regime, tenure and linked platform accounts, by the accounts that the consent opens. Category IDENTITY.",
  })
  async identity(@Root() merchant: Merchant, @Ctx() context: SubgraphContext): Promise<Identity | null> {
    const accounts = accountsOf(context.permit.require(merchant.id, "IDENTITY"));
    const links = await this.#linksOf(context).load({ merchant: merchant.id, accounts });
    return describeIdentity(merchant.id, links, this.#clock.now());
  }

  /** One statement for all merchants of the request. */
  #linksOf(context: SubgraphContext): DataLoader<LinkQuestion, readonly AccountLink[], string> {
    return context.loads.get(
      "merchants.links",
      () =>
        new DataLoader((questions: readonly LinkQuestion[]) => loadLinks(this.#postgres, questions), {
          maxBatchSize: INQUIRIES_MAX,
          cacheKeyFn: ({ merchant, accounts }) => `${merchant}|${accounts ?? ""}`,
        }),
    );
  }
}

function requireAsker(context: SubgraphContext, party: "bank" | "merchant"): void {
  context.permit.requireParty(party);
  context.permit.requireScope("profile:read");
}

function requireReference(reference: string): void {
  if (REFERENCE.test(reference)) return;
  throw new BureauError("BAD_USER_INPUT", "reference", { facts: { argument: "reference" } });
}
