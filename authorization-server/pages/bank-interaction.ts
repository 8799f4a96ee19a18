import type { FastifyReply } from "fastify";
import type { Interaction, InteractionResults } from "oidc-provider";
import { BureauError } from "../../schema/errors.js";
import type { AskedConsent, DeskRequest } from "../../schema/ports.js";
import type { Account } from "../accounts/account-store.js";
import { askedConsentOf, makeConsentGrant } from "../consent/bank-consent.js";
import { asOAuthError, inProtocol, TemporarilyUnavailable } from "../protocol/oauth-errors.js";
import { errors } from "../provider.js";
import { consentForm, readAnswer } from "./consent-form.js";
import { html } from "./html.js";
import { both } from "./layout.js";
import { csrfOf, formOf, prefixOf, sendPage } from "./page-context.js";
import { bar, denied, finish, formTargetsOf, type Visit } from "./visit.js";
import { type Words, WORDS } from "./words.js";

/** Asks the merchant for the consent that the bank asked for, or goes on at once where it was granted already. */
export async function showConsent(visit: Visit, account: Account): Promise<FastifyReply> {
  const asked = await askedOf(visit);
  if (asked.merchant !== account.merchant) return showNotYours(visit, account);
  const opened = await openRequest(visit, asked);
  if (opened.refusal !== undefined) return finish(visit, opened.refusal);
  if (opened.request.state === "GRANTED") return goOn(visit, opened.request, account);
  return showForm(visit, { request: opened.request, account, problems: [] });
}

/** Takes the merchant's answer to the form of the same request. */
export async function answerConsent(visit: Visit, account: Account): Promise<FastifyReply> {
  const { parts, request } = visit;
  const asked = await askedOf(visit);
  if (asked.merchant !== account.merchant) return showNotYours(visit, account);
  const by = { merchant: account.merchant, signatory: account.accountId };
  const held = await parts.desk.read(account.merchant, formOf(request).get("request") ?? "");
  // What is answered must be what this interaction is about, whatever stands in the form.
  if (held === undefined || !isSame(held, asked)) return showConsent(visit, account);
  if (held.state === "GRANTED") return goOn(visit, held, account);
  if (held.state === "DENIED" || held.state === "ENDED")
    return finish(visit, denied(`the request is ${held.state}`));
  const answer = readAnswer(formOf(request), held);
  switch (answer.decision) {
    case "none":
      return showForm(visit, { request: held, account, problems: answer.problems });
    case "deny":
      await parts.desk.deny(by, held.requestId);
      return finish(visit, denied("the merchant denied the request"));
    case "approve": {
      let approved: DeskRequest;
      try {
        approved = await parts.desk.approve(by, held.requestId, answer.narrowing);
      } catch (error) {
        if (!(error instanceof BureauError) || error.code !== "BAD_USER_INPUT") throw error;
        return showForm(visit, { request: held, account, problems: [WORDS.problemUntil] });
      }
      return goOn(visit, approved, account);
    }
    default:
      return answer satisfies never;
  }
}

async function goOn(visit: Visit, request: DeskRequest, account: Account): Promise<FastifyReply> {
  const { parts, interaction, client } = visit;
  if (request.state === "AWAITING_SIGNATORIES") {
    // OpenID Connect Core section 3.1.2.6: more is needed from the merchant before this can be answered.
    const error_description = "the consent awaits further signatories: ask again, or use the backchannel";
    return finish(visit, { error: "interaction_required", error_description });
  }
  try {
    const grant = await inProtocol(() =>
      makeConsentGrant(
        request,
        {
          clientId: client.clientId,
          accountId: account.accountId,
          scopes: scopesOf(interaction),
          resource: parts.resource,
        },
        parts.grants(),
      ),
    );
    return await finish(visit, { consent: { grantId: grant.jti } });
  } catch (error) {
    return finish(visit, toResult(error));
  }
}

async function openRequest(
  visit: Visit,
  asked: AskedConsent,
): Promise<
  | { readonly request: DeskRequest; readonly refusal?: never }
  | { readonly request?: never; readonly refusal: InteractionResults }
> {
  try {
    return { request: await visit.parts.desk.request(asked) };
  } catch (error) {
    return { refusal: toResult(asOAuthError(error)) };
  }
}

/** An expected refusal goes back to the bank; an outage and a bug do not. */
function toResult(error: unknown): InteractionResults {
  if (!(error instanceof errors.OIDCProviderError) || error instanceof TemporarilyUnavailable) throw error;
  return {
    error: error.error,
    ...(error.error_description === undefined ? {} : { error_description: error.error_description }),
  };
}

async function askedOf({ parts, interaction, client }: Visit): Promise<AskedConsent> {
  const registered = await inProtocol(() => parts.provider().Client.find(client.clientId));
  if (registered === undefined) throw new errors.SessionNotFound("the client was ended");
  return askedConsentOf(registered, interaction.params);
}

function isSame(held: DeskRequest, asked: AskedConsent): boolean {
  const key = ({ bank, merchant, purpose, terms }: AskedConsent): string => {
    const { categories, records, lookbackMonths, expiresAt, frequency } = terms;
    const sorted = [categories.toSorted(), records.toSorted()];
    return JSON.stringify([
      bank,
      merchant,
      purpose,
      sorted,
      lookbackMonths,
      Date.parse(expiresAt),
      frequency.count,
      frequency.period,
    ]);
  };
  return key(held) === key(asked);
}

function showForm(
  visit: Visit,
  view: { readonly request: DeskRequest; readonly account: Account; readonly problems: readonly Words[] },
): FastifyReply {
  const { parts, interaction, client, reply } = visit;
  const form = consentForm({
    request: view.request,
    bankName: client.name,
    message: undefined,
    notice: parts.notice,
    action: `${prefixOf(parts)}/interaction/${interaction.uid}`,
    csrf: csrfOf(parts, interaction.uid),
  });
  const problems =
    view.problems.length > 0 &&
    html`<div class="problem" role="alert">
      ${both(WORDS.problem)}
      <ul>
        ${view.problems.map((words) => html`<li>${both(words)}</li>`)}
      </ul>
    </div>`;
  return sendPage(reply, parts, {
    title: WORDS.requestTitle,
    body: html`${bar(visit, view.account)}${problems}${form}`,
    status: view.problems.length > 0 ? 422 : 200,
    formTargets: formTargetsOf(visit),
  });
}

function showNotYours(visit: Visit, account: Account): FastifyReply {
  const { parts, interaction, reply } = visit;
  const body = html`${bar(visit, account)}
    <p>${both(WORDS.notYours)}</p>
    <form method="post" action="${prefixOf(parts)}/interaction/${interaction.uid}">
      <input type="hidden" name="csrf" value="${csrfOf(parts, interaction.uid)}" />
      <button name="decision" value="leave">${both(WORDS.leave)}</button>
    </form>`;
  return sendPage(reply, parts, {
    title: WORDS.errorTitle,
    body,
    status: 403,
    formTargets: formTargetsOf(visit),
  });
}

function scopesOf(interaction: Interaction): readonly string[] {
  return String(interaction.params["scope"] ?? "")
    .split(" ")
    .filter((scope) => scope !== "");
}
