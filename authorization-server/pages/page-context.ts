import { createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type Provider from "oidc-provider";
import { BureauError } from "../../schema/errors.js";
import type { ConsentDesk } from "../../schema/ports.js";
import type { ConsentNotice } from "../../schema/rulebook-form.js";
import type { AccountStore } from "../accounts/account-store.js";
import type { ClientStore } from "../clients/client-store.js";
import type { Backchannel } from "../consent/backchannel.js";
import type { GrantParts } from "../consent/bank-consent.js";
import { errors } from "../provider.js";
import { html, type Html } from "./html.js";
import { both, layout, pageHeaders } from "./layout.js";
import { type Words, WORDS } from "./words.js";

/** What the pages stand on. */
export interface PageParts {
  readonly issuer: string;
  readonly resource: string;
  /** The provider of the moment: it is built anew when the signing keys change. */
  readonly provider: () => Provider;
  readonly accounts: AccountStore;
  readonly clients: ClientStore;
  readonly desk: ConsentDesk;
  readonly backchannel: Backchannel;
  readonly grants: () => GrantParts;
  readonly notice: ConsentNotice;
  readonly csrfKey: Buffer;
  /** Told of what nobody expected. */
  readonly onError: (error: unknown) => void;
}

/** The folder of the pages in an address: `/oauth`. */
export function prefixOf({ issuer }: Pick<PageParts, "issuer">): string {
  return new URL(issuer).pathname.replace(/\/$/, "");
}

/** Sends a page. `formTargets` are origins that a form may lead on to beside our own. */
export function sendPage(
  reply: FastifyReply,
  parts: PageParts,
  page: { title: Words; body: Html; status?: number; formTargets?: readonly string[] },
): FastifyReply {
  const text = layout(page.title, page.body, `${prefixOf(parts)}/pages.css`);
  return reply
    .code(page.status ?? 200)
    .headers(pageHeaders(page.formTargets))
    .send(text);
}

/** A page that tells one thing. */
export function tell(reply: FastifyReply, parts: PageParts, words: Words, status = 400): FastifyReply {
  return sendPage(reply, parts, { title: WORDS.errorTitle, body: html`<p>${both(words)}</p>`, status });
}

/** Ties a form to what it is about: an interaction, or a session. */
export function csrfOf({ csrfKey }: Pick<PageParts, "csrfKey">, about: string): string {
  return createHmac("sha256", csrfKey).update(about).digest("base64url");
}

/**
 * True when a form was sent from our own page: by the token on it, and by what the browser says of its origin.
 * `SameSite` cookies alone would let a sibling host send it.
 */
export function isOwnForm(request: FastifyRequest, parts: PageParts, about: string): boolean {
  const { origin, "sec-fetch-site": site } = request.headers;
  if (origin !== undefined && origin !== new URL(parts.issuer).origin) return false;
  if (site !== undefined && site !== "same-origin") return false;
  const given = Buffer.from(formOf(request).get("csrf") ?? "");
  const expected = Buffer.from(csrfOf(parts, about));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A posted form; empty for anything else. */
export function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

/** Shows an error of a page as a page; what nobody expected is reported and told as an outage. */
export function pageError(error: unknown, reply: FastifyReply, parts: PageParts): FastifyReply {
  if (error instanceof errors.SessionNotFound) return tell(reply, parts, WORDS.expired);
  const isExpected =
    (error instanceof BureauError && error.code !== "BAD_USER_INPUT") ||
    error instanceof errors.OIDCProviderError;
  if (!isExpected) parts.onError(error);
  if (error instanceof BureauError && (error.code === "NOT_FOUND" || error.code === "CONFLICT"))
    return tell(reply, parts, WORDS.answered, 409);
  if (error instanceof BureauError && error.code === "SIGNATORY_NOT_REGISTERED")
    return tell(reply, parts, WORDS.notSignatory, 403);
  return tell(reply, parts, WORDS.busy, 503);
}

/** The form on which a person signs in. */
export function signInForm(view: {
  readonly action: string;
  readonly csrf: string;
  readonly lead: Html;
  readonly problem: Words | undefined;
}): Html {
  return html`${view.problem !== undefined && html`<p class="problem" role="alert">${both(view.problem)}</p>`}
    <p>${view.lead}</p>
    <form method="post" action="${view.action}">
      <input type="hidden" name="csrf" value="${view.csrf}" />
      <div class="field">
        <label
          >${both(WORDS.login)}
          <input
            type="text"
            name="login"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            maxlength="64"
            required
        /></label>
      </div>
      <div class="field">
        <label
          >${both(WORDS.password)}
          <input type="password" name="password" autocomplete="current-password" maxlength="256" required
        /></label>
      </div>
      <button class="wide">${both(WORDS.signIn)}</button>
    </form>`;
}

/** Who is signed in, with the way out. */
export function signedInBar(
  parts: PageParts,
  view: { readonly name: string; readonly merchant: string; readonly csrf: string },
): Html {
  return html`<div class="who">
    <span>${view.name}, ${both(WORDS.actsFor)} <code>${view.merchant}</code></span>
    <form method="post" action="${prefixOf(parts)}/requests/sign-out">
      <input type="hidden" name="csrf" value="${view.csrf}" />
      <button class="quiet">${both(WORDS.signOut)}</button>
    </form>
  </div>`;
}
