import { Arg, Args, Ctx, ID, Query, Resolver } from "type-graphql";
import { BureauError } from "../../../schema/errors.js";
import type { SubgraphContext } from "../../host/context.js";
import { PartyPolicy } from "../../host/directives.js";
import { isUuid, PageArgs, pageOf, readPage } from "../../host/paging.js";
import { findConsent, listConsents, type Owner } from "../consent-store.js";
import { presentConsent, presentRequest } from "./present.js";
import { listRequests } from "../requests/request-store.js";
import { readSignatories } from "../signatories/signatory-store.js";
import type { ConsentStore } from "../transaction.js";
import { ConsentRequestConnection } from "./request-types.js";
import { presentRegister, SignatoryList } from "./signatory-types.js";
import { Consent, ConsentConnection } from "./types.js";

/** What the parties of a consent may see of it. Merchants and banks see their own; anything else does not exist. */
@Resolver()
export class ConsentReadResolver {
  readonly #store: ConsentStore;

  constructor(store: ConsentStore) {
    this.#store = store;
  }

  @PartyPolicy(["merchant", "scope:consents:read"], ["bank", "scope:consents:read"])
  @Query(() => ConsentConnection, { nullable: true, description: "The asker's own consents, newest first." })
  async consents(
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<ConsentConnection> {
    const owner = ownerOf(context);
    const { limit, after } = readPage(args);
    const rows = await listConsents(this.#store, owner, { limit: limit + 1, after });
    const page = pageOf(rows, limit, ({ createdAt, consent }) => ({
      at: createdAt,
      id: consent.terms.consentId,
    }));
    return { nodes: page.nodes.map(presentConsent), pageInfo: page.pageInfo };
  }

  @PartyPolicy(
    ["merchant", "scope:consents:read"],
    ["bank", "scope:consents:read"],
    ["officer", "scope:audit:read"],
  )
  @Query(() => Consent, { nullable: true, description: "One of the asker's own consents; officers see any." })
  async consent(@Arg("id", () => ID) id: string, @Ctx() context: SubgraphContext): Promise<Consent> {
    const owner = context.permit.principal.party === "officer" ? anyoneFor(context) : ownerOf(context);
    const found = isUuid(id)
      ? await findConsent(this.#store, id, { owner, setNow: this.#store.now?.() })
      : undefined;
    if (found === undefined) throw new BureauError("NOT_FOUND");
    return presentConsent(found);
  }

  @PartyPolicy(["merchant", "scope:consents:read"], ["bank", "scope:consents:read"])
  @Query(() => ConsentRequestConnection, {
    nullable: true,
    description: "Requests to or by the asker, newest first.",
  })
  async consentRequests(
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<ConsentRequestConnection> {
    const owner = ownerOf(context);
    const { limit, after } = readPage(args);
    const rows = await listRequests(this.#store, owner, { limit: limit + 1, after });
    const page = pageOf(rows, limit, ({ createdAt, requestId }) => ({ at: createdAt, id: requestId }));
    return { nodes: page.nodes.map(presentRequest), pageInfo: page.pageInfo };
  }

  @PartyPolicy(["merchant", "scope:consents:read"])
  @Query(() => [SignatoryList], {
    nullable: true,
    description:
      "Those who may sign for the merchant: the list in force, and the newest 50 others; empty where none is registered.",
  })
  async signatories(@Ctx() { permit }: SubgraphContext): Promise<SignatoryList[]> {
    permit.requireParty("merchant");
    permit.requireScope("consents:read");
    return presentRegister(await readSignatories(this.#store, permit.principal.id));
  }
}

function ownerOf({ permit }: SubgraphContext): Exclude<Owner, "anyone"> {
  permit.requireParty("merchant", "bank");
  permit.requireScope("consents:read");
  const { party, id } = permit.principal;
  return party === "merchant" ? { merchant: id } : { bank: id };
}

function anyoneFor({ permit }: SubgraphContext): "anyone" {
  permit.requireScope("audit:read");
  return "anyone";
}
