import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { SubgraphContext } from "../host/context.js";
import { PartyPolicy } from "../host/directives.js";
import { type Change, changeConsent } from "./change-consent.js";
import { type ConsentRoom, writeGrant } from "./grant-consent.js";
import {
  ApproveConsentRequestInput,
  ConsentIdInput,
  DenyConsentRequestInput,
  GrantConsentInput,
  RequestConsentInput,
} from "./inputs.js";
import { presentConsent, presentRequest } from "./present.js";
import { approveRequest, denyRequest, requestConsent } from "./request-consent.js";
import { transact } from "./transaction.js";
import { Consent, ConsentRequest } from "./types.js";

/** Banks request; merchants approve, deny, grant, pause, resume and revoke, each for itself only. */
@Resolver()
export class ConsentResolver {
  readonly #room: ConsentRoom;

  constructor(room: ConsentRoom) {
    this.#room = room;
  }

  @PartyPolicy(["bank", "scope:consents:request"])
  @Mutation(() => ConsentRequest, {
    nullable: true,
    description: "Asks a merchant for consent. Tells nothing of whether the merchant is known here.",
  })
  async requestConsent(
    @Arg("input", () => RequestConsentInput) input: RequestConsentInput,
    @Ctx() { permit }: SubgraphContext,
  ): Promise<ConsentRequest> {
    permit.requireParty("bank");
    permit.requireScope("consents:request");
    const { merchant, purpose, expiresAt, categories, lookbackMonths, frequency } = input;
    const terms = {
      categories,
      lookbackMonths,
      expiresAt: expiresAt.toISOString(),
      frequency: plain(frequency),
    };
    return presentRequest(
      await requestConsent(this.#room, { merchant, bank: permit.principal.id, purpose, terms }),
    );
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, {
    nullable: true,
    description: "Approves a pending request, as asked or narrower.",
  })
  async approveConsentRequest(
    @Arg("input", () => ApproveConsentRequestInput) input: ApproveConsentRequestInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    const narrowing = {
      categories: input.categories ?? undefined,
      lookbackMonths: input.lookbackMonths ?? undefined,
      expiresAt: input.expiresAt?.toISOString(),
      frequency: input.frequency == null ? undefined : plain(input.frequency),
    };
    const merchant = managerOf(context);
    return presentConsent(
      await approveRequest(this.#room, merchant, { requestId: input.requestId, narrowing }),
    );
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => ConsentRequest, {
    nullable: true,
    description: "Denies a request; the bank may not ask again for 30 days.",
  })
  async denyConsentRequest(
    @Arg("input", () => DenyConsentRequestInput) input: DenyConsentRequestInput,
    @Ctx() context: SubgraphContext,
  ): Promise<ConsentRequest> {
    return presentRequest(await denyRequest(this.#room, managerOf(context), input.requestId));
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, {
    nullable: true,
    description: "Grants consent unasked. It replaces what is alive for the same bank and purpose.",
  })
  async grantConsent(
    @Arg("input", () => GrantConsentInput) input: GrantConsentInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    const merchant = managerOf(context);
    const { bank, purpose, categories, lookbackMonths } = input;
    const terms = {
      categories,
      lookbackMonths,
      startsAt: input.startsAt?.toISOString(),
      expiresAt: input.expiresAt.toISOString(),
      frequency:
        input.frequency == null ? this.#room.rulebook.ceilings[purpose].frequencyMax : plain(input.frequency),
    };
    const room = this.#room;
    return presentConsent(
      await transact(room.store, (trx) => writeGrant(room, trx, { merchant, bank, purpose, terms })),
    );
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, { nullable: true, description: "Holds the consent until it is resumed." })
  async pauseConsent(
    @Arg("input", () => ConsentIdInput) input: ConsentIdInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    return this.#change(input, "PAUSED", context);
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, { nullable: true, description: "Ends a pause." })
  async resumeConsent(
    @Arg("input", () => ConsentIdInput) input: ConsentIdInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    return this.#change(input, "RESUMED", context);
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, {
    nullable: true,
    description:
      "Ends the consent for good. Once this is answered, no later inquiry returns anything under it.",
  })
  async revokeConsent(
    @Arg("input", () => ConsentIdInput) input: ConsentIdInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    return this.#change(input, "REVOKED", context);
  }

  async #change({ consentId }: ConsentIdInput, change: Change, context: SubgraphContext): Promise<Consent> {
    return presentConsent(await changeConsent(this.#room.store, managerOf(context), { consentId, change }));
  }
}

function managerOf({ permit }: SubgraphContext): string {
  permit.requireParty("merchant");
  permit.requireScope("consents:manage");
  return permit.principal.id;
}

/** A plain value: input objects carry a class that must not reach the store. */
function plain<P>({ count, period }: { readonly count: number; readonly period: P }): {
  count: number;
  period: P;
} {
  return { count, period };
}
