import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BureauError } from "../../schema/errors.js";
import type { Account } from "../accounts/account-store.js";
import { inProtocol } from "../protocol/oauth-errors.js";
import { errors } from "../provider.js";
import { answerConsent, showConsent } from "./bank-interaction.js";
import { appForm, grantToApp } from "./app-form.js";
import { html } from "./html.js";
import { both } from "./layout.js";
import {
  csrfOf,
  formOf,
  isOwnForm,
  pageError,
  type PageParts,
  prefixOf,
  sendPage,
  signInForm,
  tell,
} from "./page-context.js";
import { accountOf, bar, denied, finish, formTargetsOf, type Visit } from "./visit.js";
import { type Words, WORDS } from "./words.js";

/** The pages between an authorization request and its answer: sign in, then consent. */
export function interactionRoutes(app: FastifyInstance, parts: PageParts): void {
  const route = (work: (visit: Visit) => Promise<FastifyReply>) => {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      try {
        return await work(await openVisit(request, reply, parts));
      } catch (error) {
        return pageError(error, reply, parts);
      }
    };
  };
  app.get(
    "/interaction/:uid",
    route((visit) => show(visit)),
  );
  app.post(
    "/interaction/:uid",
    route((visit) => answer(visit)),
  );
}

async function openVisit(request: FastifyRequest, reply: FastifyReply, parts: PageParts): Promise<Visit> {
  const interaction = await inProtocol(() => parts.provider().interactionDetails(request.raw, reply.raw));
  // The cookie is for this path alone; a browser that sends another's is told to start again.
  if ((request.params as { uid?: string }).uid !== interaction.uid)
    throw new errors.SessionNotFound("another interaction");
  const client = await parts.clients.find(String(interaction.params["client_id"]));
  if (client === undefined) throw new errors.SessionNotFound("the client was ended");
  return { request, reply, parts, interaction, client };
}

async function show(visit: Visit): Promise<FastifyReply> {
  if (visit.interaction.prompt.name === "login") return showSignIn(visit, undefined);
  const account = await accountOf(visit);
  if (visit.client.party === "bank") return showConsent(visit, account);
  const body = html`${bar(visit, account)}${appForm(visit)}`;
  return sendPage(visit.reply, visit.parts, {
    title: WORDS.appTitle,
    body,
    formTargets: formTargetsOf(visit),
  });
}

async function answer(visit: Visit): Promise<FastifyReply> {
  const { request, reply, parts, interaction, client } = visit;
  if (!isOwnForm(request, parts, interaction.uid)) return tell(reply, parts, WORDS.foreign, 403);
  if (interaction.prompt.name === "login") return signIn(visit);
  const account = await accountOf(visit);
  const decision = formOf(request).get("decision");
  if (decision === "leave") return finish(visit, denied("the merchant left"));
  if (client.party === "bank") return answerConsent(visit, account);
  if (decision === "approve")
    return finish(visit, { consent: { grantId: await grantToApp(visit, account) } });
  return finish(visit, denied("the merchant denied the request"));
}

async function signIn(visit: Visit): Promise<FastifyReply> {
  const { parts, request, interaction } = visit;
  const form = formOf(request);
  let account: Account | undefined;
  try {
    account = await parts.accounts.signIn(form.get("login") ?? "", form.get("password") ?? "");
  } catch (error) {
    if (!(error instanceof BureauError) || error.code !== "RATE_LIMITED") throw error;
    visit.reply.header("retry-after", String(error.facts["retryAfterSeconds"] ?? 60));
    return showSignIn(visit, WORDS.tooManyAttempts, 429);
  }
  if (account === undefined) return showSignIn(visit, WORDS.wrongPassword, 401);
  const held = interaction.session?.accountId;
  if (held !== undefined && held !== account.accountId) return showSignIn(visit, WORDS.otherPerson, 409);
  return finish(visit, { login: { accountId: account.accountId, amr: ["pwd"] } });
}

function showSignIn(visit: Visit, problem: Words | undefined, status = 200): FastifyReply {
  const { parts, interaction, client, reply } = visit;
  const body = signInForm({
    action: `${prefixOf(parts)}/interaction/${interaction.uid}`,
    csrf: csrfOf(parts, interaction.uid),
    lead: html`${both(WORDS.signInFor)} <strong>${client.name}</strong>`,
    problem,
  });
  return sendPage(reply, parts, { title: WORDS.signIn, body, status, formTargets: formTargetsOf(visit) });
}
