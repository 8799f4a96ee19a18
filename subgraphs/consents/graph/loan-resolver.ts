import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { SubgraphContext } from "../../host/context.js";
import { PartyPolicy } from "../../host/directives.js";
import { reportDisbursal, reportPayoff, terminateConsent } from "../change-as-bank.js";
import type { ConsentStore } from "../transaction.js";
import { ConsentIdInput, ReportDisbursalInput, ReportPayoffInput } from "./inputs.js";
import { presentConsent } from "./present.js";
import { Consent } from "./types.js";

/** What a bank tells of the consents that it holds. Each can only go forward. */
@Resolver()
export class LoanResolver {
  readonly #store: ConsentStore;

  constructor(store: ConsentStore) {
    this.#store = store;
  }

  @PartyPolicy(["bank", "scope:consents:request"])
  @Mutation(() => Consent, {
    nullable: true,
    description:
      "The loan is paid out: from now on the consent is the loan's monitoring, on the terms agreed for it, with a count of inquiries of its own.",
  })
  async reportDisbursal(
    @Arg("input", () => ReportDisbursalInput) input: ReportDisbursalInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    const { consentId, loanReference, disbursedAt } = input;
    const report = { consentId, loanReference, disbursedAt: disbursedAt ?? undefined };
    return presentConsent(await reportDisbursal(this.#store, bankOf(context), report));
  }

  @PartyPolicy(["bank", "scope:consents:request"])
  @Mutation(() => Consent, {
    nullable: true,
    description: "The loan is paid off: its monitoring ends for good.",
  })
  async reportPayoff(
    @Arg("input", () => ReportPayoffInput) { consentId, loanReference }: ReportPayoffInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    return presentConsent(await reportPayoff(this.#store, bankOf(context), { consentId, loanReference }));
  }

  @PartyPolicy(["bank", "scope:consents:request"])
  @Mutation(() => Consent, {
    nullable: true,
    description: "The bank gives the consent back: it ends for good.",
  })
  async terminateConsent(
    @Arg("input", () => ConsentIdInput) { consentId }: ConsentIdInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    return presentConsent(await terminateConsent(this.#store, bankOf(context), consentId));
  }
}

function bankOf({ permit }: SubgraphContext): string {
  permit.requireParty("bank");
  permit.requireScope("consents:request");
  return permit.principal.id;
}
