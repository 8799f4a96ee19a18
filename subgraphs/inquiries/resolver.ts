import { Args, Ctx, Query, Resolver } from "type-graphql";
import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";
import type { SubgraphContext } from "../host/context.js";
import { PartyPolicy } from "../host/directives.js";
import { pageOf, readPage } from "../host/paging.js";
import type { PermitPrincipal } from "../host/permit.js";
import { listInquiries, type StoredInquiry, type Subject } from "./store.js";
import { InquiriesArgs, type Inquiry, InquiryConnection } from "./types.js";

/** Who asked what about whom. */
@Resolver()
export class InquiryResolver {
  readonly #postgres: Postgres;

  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  @PartyPolicy(
    ["merchant", "scope:inquiries:read"],
    ["bank", "scope:inquiries:read"],
    ["officer", "scope:inquiries:read"],
  )
  @Query(() => InquiryConnection, {
    nullable: true,
    description:
      "A merchant sees who asked about it and why, a bank what it asked, an officer the file of the merchant named.",
  })
  async inquiries(
    @Args(() => InquiriesArgs) args: InquiriesArgs,
    @Ctx() { permit }: SubgraphContext,
  ): Promise<InquiryConnection> {
    permit.requireParty("merchant", "bank", "officer");
    permit.requireScope("inquiries:read");
    const subject = subjectOf(permit.principal, args.merchant ?? undefined);
    const { limit, after } = readPage(args);
    const rows = await listInquiries(this.#postgres, subject, { limit: limit + 1, after });
    const page = pageOf(rows, limit, ({ recordedAt, decided }) => ({
      at: recordedAt,
      id: decided.inquiryId,
    }));
    return { nodes: page.nodes.map((row) => present(row, permit.principal)), pageInfo: page.pageInfo };
  }
}

/** @throws BAD_USER_INPUT, FORBIDDEN when the argument is missing or not the asker's to give */
function subjectOf({ party, id }: PermitPrincipal, merchant: string | undefined): Subject {
  if (party === "officer") {
    if (merchant === undefined)
      throw new BureauError("BAD_USER_INPUT", "merchant", { facts: { argument: "merchant" } });
    return { merchant };
  }
  const own = party === "merchant" && (merchant === undefined || merchant === id);
  if (!own && merchant !== undefined)
    throw new BureauError("FORBIDDEN", "merchant", { facts: { argument: "merchant" } });
  return own ? { merchant: id } : { bank: id };
}

function present({ decided, last, recordedAt, leafHash }: StoredInquiry, viewer: PermitPrincipal): Inquiry {
  const isAsker = viewer.party === decided.party && viewer.id === decided.asker;
  return {
    id: decided.inquiryId,
    at: recordedAt,
    merchantId: decided.merchant,
    party: decided.party,
    asker: decided.asker,
    bank: decided.party === "bank" ? decided.asker : null,
    purpose: decided.purpose,
    reference: isAsker || viewer.party === "officer" ? decided.reference : null,
    asked: decided.asked,
    released: last.released,
    askedRecords: decided.askedRecords ?? [],
    releasedRecords: last.releasedRecords ?? [],
    decision: last.decision,
    consentId: decided.consentId,
    months: decided.months,
    rules: last.rules.map((rule) => ({ ...rule, level: rule.level ?? "SUMMARY" })),
    rulebook: decided.rulebook,
    leafHash,
  };
}
