import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { SubgraphContext } from "../../host/context.js";
import { PartyPolicy } from "../../host/directives.js";
import { isUuid } from "../../host/paging.js";
import { BureauError } from "../../../schema/errors.js";
import { type Change, changeConsent } from "../change-consent.js";
import { type ConsentRoom, signConsent, writeGrant } from "../grant-consent.js";
import { approveRequest, denyRequest } from "../requests/answer-request.js";
import { requestConsent } from "../requests/request-consent.js";
import type { Signer } from "../signatories/require-signatory.js";
import { approveSignatories, setSignatories } from "../signatories/set-signatories.js";
import { transact } from "../transaction.js";
import {
  ApproveConsentRequestInput,
  ApproveSignatoriesInput,
  ConsentIdInput,
  DenyConsentRequestInput,
  GrantConsentInput,
  RequestConsentInput,
  SetSignatoriesInput,
} from "./inputs.js";
import { presentConsent, presentRequest } from "./present.js";
import { readGrant, readNarrowing, readRequest } from "./read-input.js";
import { ConsentRequest } from "./request-types.js";
import { presentList, SignatoryList } from "./signatory-types.js";
import { Consent } from "./types.js";

/** Banks request; merchants approve, deny, grant, sign, pause, resume and revoke, each for itself only. */
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
    const { merchant, purpose, outOfRange } = input;
    const asked = { merchant, bank: permit.principal.id, purpose, terms: readRequest(input), outOfRange };
    return presentRequest(await requestConsent(this.#room, asked));
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, {
    nullable: true,
    description:
      "Approves a pending request, as asked or narrower. Where several must sign, the first settles the terms and the others approve them as they are.",
  })
  async approveConsentRequest(
    @Arg("input", () => ApproveConsentRequestInput) input: ApproveConsentRequestInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    const answer = { requestId: input.requestId, narrowing: readNarrowing(input) };
    return presentConsent(await approveRequest(this.#room, signerOf(context), answer));
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
    return presentRequest(await denyRequest(this.#room, signerOf(context).merchant, input.requestId));
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, {
    nullable: true,
    description:
      "Grants consent unasked. As soon as enough have signed, it replaces what is alive for the same bank and purpose.",
  })
  async grantConsent(
    @Arg("input", () => GrantConsentInput) input: GrantConsentInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    const { bank, purpose, outOfRange } = input;
    const room = this.#room;
    const terms = readGrant(input, room.rulebook.ceilings[purpose].frequencyMax);
    const grant = { ...signerOf(context), bank, purpose, terms, outOfRange };
    return presentConsent(await transact(room.store, (trx) => writeGrant(room, trx, grant)));
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => Consent, {
    nullable: true,
    description: "Adds a registered signatory's signature to a consent that waits for it.",
  })
  async signConsent(
    @Arg("input", () => ConsentIdInput) { consentId }: ConsentIdInput,
    @Ctx() context: SubgraphContext,
  ): Promise<Consent> {
    const signer = signerOf(context);
    if (!isUuid(consentId)) throw new BureauError("NOT_FOUND");
    const room = this.#room;
    return presentConsent(
      await transact(room.store, (trx) => signConsent(room, trx, { ...signer, consentId })),
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

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => SignatoryList, {
    nullable: true,
    description:
      "Names those who may sign for the merchant. The first list is in force at once, a later one once as many as the list in force asks for have approved it.",
  })
  async setSignatories(
    @Arg("input", () => SetSignatoriesInput) { quorum, signatories }: SetSignatoriesInput,
    @Ctx() context: SubgraphContext,
  ): Promise<SignatoryList> {
    return presentList(await setSignatories(this.#room, signerOf(context), { quorum, signatories }));
  }

  @PartyPolicy(["merchant", "scope:consents:manage"])
  @Mutation(() => SignatoryList, {
    nullable: true,
    description: "Approves a list that waits; for the signatories in force.",
  })
  async approveSignatories(
    @Arg("input", () => ApproveSignatoriesInput) { seq }: ApproveSignatoriesInput,
    @Ctx() context: SubgraphContext,
  ): Promise<SignatoryList> {
    return presentList(await approveSignatories(this.#room, signerOf(context), seq));
  }

  async #change({ consentId }: ConsentIdInput, change: Change, context: SubgraphContext): Promise<Consent> {
    return presentConsent(await changeConsent(this.#room, signerOf(context), { consentId, change }));
  }
}

function signerOf({ permit }: SubgraphContext): Signer {
  permit.requireParty("merchant");
  permit.requireScope("consents:manage");
  const { id, signatory } = permit.principal;
  return { merchant: id, signatory };
}
