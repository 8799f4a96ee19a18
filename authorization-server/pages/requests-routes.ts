import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BureauError } from "../../schema/errors.js";
import type { DeskRequest } from "../../schema/ports.js";
import type { Account } from "../accounts/account-store.js";
import { inProtocol } from "../protocol/oauth-errors.js";
import { consentForm, readAnswer } from "./consent-form.js";
import { html, type Html } from "./html.js";
import { both } from "./layout.js";
import {
  csrfOf,
  formOf,
  isOwnForm,
  pageError,
  type PageParts,
  prefixOf,
  sendPage,
  signedInBar,
  signInForm,
  tell,
} from "./page-context.js";
import { openSession, type PageSession } from "./page-session.js";
import { type Words, WORDS } from "./words.js";

interface Visit {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly parts: PageParts;
  readonly session: PageSession;
}

interface SignedIn extends Visit {
  readonly account: Account;
}

/** Where a merchant answers what banks asked without a browser, and signs what another signatory approved. */
export function requestsRoutes(app: FastifyInstance, parts: PageParts): void {
  const route = (work: (visit: Visit) => Promise<FastifyReply>) => {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      try {
        const session = await inProtocol(() => openSession(parts.provider(), request.raw, reply.raw));
        return await work({ request, reply, parts, session });
      } catch (error) {
        return pageError(error, reply, parts);
      }
    };
  };
  app.get("/requests", route(list));
  app.post("/requests/sign-in", route(signIn));
  app.post("/requests/sign-out", route(signOut));
  app.post("/requests", route(answer));
}

/** The person who signed in lately; somebody else's browser that was left open answers nothing. */
async function signedIn(visit: Visit): Promise<SignedIn | undefined> {
  const { session, parts } = visit;
  if (session.accountId === undefined || !session.isFresh) return undefined;
  const account = await parts.accounts.find(session.accountId);
  return account === undefined || account.endedAt !== undefined ? undefined : { ...visit, account };
}

async function list(visit: Visit): Promise<FastifyReply> {
  const known = await signedIn(visit);
  return known === undefined ? showSignIn(visit, undefined) : showOpen(known, undefined);
}

async function answer(visit: Visit): Promise<FastifyReply> {
  const { request, reply, parts, session } = visit;
  const known = await signedIn(visit);
  if (known === undefined) return showSignIn(visit, undefined, 401);
  if (!isOwnForm(request, parts, session.uid)) return tell(reply, parts, WORDS.foreign, 403);
  const { account } = known;
  const held = await parts.desk.read(account.merchant, formOf(request).get("request") ?? "");
  if (held === undefined) return tell(reply, parts, WORDS.answered, 404);
  const by = { merchant: account.merchant, signatory: account.accountId };
  const given = readAnswer(formOf(request), held);
  switch (given.decision) {
    case "none":
      return showOpen(
        known,
        html`<div class="problem" role="alert">
          ${given.problems.map((words) => html`<p>${both(words)}</p>`)}
        </div>`,
        422,
      );
    case "deny":
      await parts.desk.deny(by, held.requestId);
      return showOpen(known, told(WORDS.denied));
    case "approve":
      return approve(known, held, given.narrowing);
    default:
      return given satisfies never;
  }
}

async function approve(
  visit: SignedIn,
  held: DeskRequest,
  narrowing: Parameters<PageParts["desk"]["approve"]>[2],
): Promise<FastifyReply> {
  const { account, parts } = visit;
  try {
    const by = { merchant: account.merchant, signatory: account.accountId };
    const { state } = await parts.desk.approve(by, held.requestId, narrowing);
    return await showOpen(visit, told(state === "AWAITING_SIGNATORIES" ? WORDS.awaiting : WORDS.approved));
  } catch (error) {
    if (!(error instanceof BureauError) || error.code !== "BAD_USER_INPUT") throw error;
    return showOpen(visit, html`<p class="problem" role="alert">${both(WORDS.problemUntil)}</p>`, 422);
  }
}

function told(words: Words): Html {
  return html`<p class="told" role="status">${both(words)}</p>`;
}

async function signIn(visit: Visit): Promise<FastifyReply> {
  const { request, reply, parts, session } = visit;
  if (!isOwnForm(request, parts, signInSubject(session))) return tell(reply, parts, WORDS.foreign, 403);
  const form = formOf(request);
  let account: Account | undefined;
  try {
    account = await parts.accounts.signIn(form.get("login") ?? "", form.get("password") ?? "");
  } catch (error) {
    if (!(error instanceof BureauError) || error.code !== "RATE_LIMITED") throw error;
    reply.header("retry-after", String(error.facts["retryAfterSeconds"] ?? 60));
    return showSignIn(visit, WORDS.tooManyAttempts, 429);
  }
  if (account === undefined) return showSignIn(visit, WORDS.wrongPassword, 401);
  const { accountId } = account;
  if (session.accountId !== undefined && session.accountId !== accountId)
    await inProtocol(() => session.end());
  await inProtocol(() => session.signIn(accountId));
  return reply.header("cache-control", "no-store").redirect(`${prefixOf(parts)}/requests`, 303);
}

async function signOut(visit: Visit): Promise<FastifyReply> {
  const { request, reply, parts, session } = visit;
  if (!isOwnForm(request, parts, session.uid)) return tell(reply, parts, WORDS.foreign, 403);
  await inProtocol(() => session.end());
  return reply.header("cache-control", "no-store").redirect(`${prefixOf(parts)}/requests`, 303);
}

function signInSubject(session: PageSession): string {
  // A browser without a session has nothing that a form could be tied to but the page itself.
  return session.isNew ? "sign-in" : session.uid;
}

function showSignIn(visit: Visit, problem: Words | undefined, status = 200): FastifyReply {
  const { parts, reply, session } = visit;
  const body = signInForm({
    action: `${prefixOf(parts)}/requests/sign-in`,
    csrf: csrfOf(parts, signInSubject(session)),
    lead: both(WORDS.signInToAnswer),
    problem,
  });
  return sendPage(reply, parts, { title: WORDS.signIn, body, status });
}

async function showOpen(visit: SignedIn, first: Html | undefined, status = 200): Promise<FastifyReply> {
  const { parts, reply, account, session } = visit;
  const open = await parts.desk.open(account.merchant);
  const waiting = open.filter(({ granted }) => granted?.signed.includes(account.accountId) !== true);
  const messages = await parts.backchannel.messages(waiting.map(({ requestId }) => requestId));
  const names = await bankNames(parts);
  const csrf = csrfOf(parts, session.uid);
  const forms = waiting.map(
    (request) =>
      html`<article>
        ${consentForm({
          request,
          bankName: names.get(request.bank) ?? request.bank,
          message: messages.get(request.requestId),
          notice: parts.notice,
          action: `${prefixOf(parts)}/requests`,
          csrf,
        })}
      </article>`,
  );
  const body = html`${signedInBar(parts, { name: account.name, merchant: account.merchant, csrf })}${first}${
    forms.length > 0 ? forms : html`<p>${both(WORDS.none)}</p>`
  }`;
  return sendPage(reply, parts, { title: WORDS.open, body, status });
}

/** A bank is shown by the name it was registered with, beside its id; the oldest client's where it has several. */
async function bankNames({ clients }: PageParts): Promise<ReadonlyMap<string, string>> {
  const banks = await clients.list({ party: "bank" });
  return new Map(
    banks.filter(({ endedAt }) => endedAt === undefined).map(({ partyId, name }) => [partyId, name]),
  );
}
