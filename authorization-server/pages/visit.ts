import type { FastifyReply, FastifyRequest } from "fastify";
import type { Interaction, InteractionResults } from "oidc-provider";
import type { Account } from "../accounts/account-store.js";
import type { StoredClient } from "../clients/client-store.js";
import { inProtocol } from "../protocol/oauth-errors.js";
import { errors } from "../provider.js";
import type { Html } from "./html.js";
import { csrfOf, type PageParts, signedInBar } from "./page-context.js";

/** One visit to a page of an authorization request. */
export interface Visit {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly parts: PageParts;
  readonly interaction: Interaction;
  readonly client: StoredClient;
}

/** The person who signed in. @throws SessionNotFound when the account was ended since */
export async function accountOf({ interaction, parts }: Visit): Promise<Account> {
  const account = await parts.accounts.find(interaction.session?.accountId ?? "");
  if (account === undefined || account.endedAt !== undefined)
    throw new errors.SessionNotFound("nobody is signed in");
  return account;
}

/** Who is signed in; shown on every page that asks for a decision. */
export function bar({ parts, interaction }: Visit, account: Account): Html {
  const csrf = csrfOf(parts, interaction.session?.uid ?? "");
  return signedInBar(parts, { name: account.name, merchant: account.merchant, csrf });
}

/** A form's answer is redirected to the client in the end, which some browsers count as the form's target. */
export function formTargetsOf({ interaction }: Visit): readonly string[] {
  const target = URL.parse(String(interaction.params["redirect_uri"] ?? ""));
  return target === null ? [] : [target.origin];
}

/** A refusal that goes back to the client (RFC 6749 section 4.1.2.1). */
export function denied(description: string): InteractionResults {
  return { error: "access_denied", error_description: description };
}

/** Hands the outcome to the protocol, which goes on from it. 303 and never 307: a form's fields go nowhere else. */
export async function finish(
  { request, reply, parts, interaction }: Visit,
  result: InteractionResults,
): Promise<FastifyReply> {
  const merged = { ...(result["error"] === undefined ? interaction.lastSubmission : {}), ...result };
  const returnTo = await inProtocol(() =>
    parts.provider().interactionResult(request.raw, reply.raw, merged, { mergeWithLastSubmission: false }),
  );
  return reply.header("cache-control", "no-store").redirect(returnTo, 303);
}
