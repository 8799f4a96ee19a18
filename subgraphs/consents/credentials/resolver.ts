import { Arg, Args, Ctx, Mutation, Query, Resolver } from "type-graphql";
import { BureauError } from "../../../schema/errors.js";
import type { SubgraphContext } from "../../host/context.js";
import { PartyPolicy } from "../../host/directives.js";
import { PageArgs, pageOf, readPage } from "../../host/paging.js";
import type { ConsentStore } from "../transaction.js";
import { type EndedCredential as StoredCredential, listEnded } from "./credential-store.js";
import { endCredentials, qualify } from "./end-credentials.js";
import { EndCredentialInput, EndedCredential, EndedCredentialConnection } from "./types.js";

/** Officers end credentials, and see which were ended. */
@Resolver()
export class CredentialResolver {
  readonly #store: ConsentStore;

  constructor(store: ConsentStore) {
    this.#store = store;
  }

  @PartyPolicy(["officer", "scope:credentials:end"])
  @Mutation(() => EndedCredential, {
    nullable: true,
    description:
      "Ends a client, key, grant or token for good; with a grant every consent given through it. Once this is answered, " +
      "nothing that rests on it is answered any more.",
  })
  async endCredential(
    @Arg("input", () => EndCredentialInput) { kind, issuer, id, reason }: EndCredentialInput,
    @Ctx() { permit }: SubgraphContext,
  ): Promise<EndedCredential> {
    permit.requireParty("officer");
    permit.requireScope("credentials:end");
    const by = { actor: permit.principal.id, reason };
    const [ended] = await endCredentials(this.#store, [{ kind, id: qualify(issuer, id) }], by);
    if (ended === undefined) throw new BureauError("SERVICE_UNAVAILABLE", "it was not ended");
    return present(ended);
  }

  @PartyPolicy(["officer", "scope:audit:read"])
  @Query(() => EndedCredentialConnection, {
    nullable: true,
    description: "Credentials that were ended, newest first.",
  })
  async endedCredentials(
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { permit }: SubgraphContext,
  ): Promise<EndedCredentialConnection> {
    permit.requireParty("officer");
    permit.requireScope("audit:read");
    const { limit, after } = readPage(args);
    const rows = await listEnded(this.#store, { limit: limit + 1, after });
    const page = pageOf(rows, limit, ({ endedAt, entryId }) => ({ at: endedAt, id: entryId }));
    return { nodes: page.nodes.map(present), pageInfo: page.pageInfo };
  }
}

function present({ entryId, id, ...same }: StoredCredential): EndedCredential {
  const bar = id.indexOf("|");
  return { ...same, id: entryId, issuer: id.slice(0, bar), name: id.slice(bar + 1) };
}
