import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../support/actors.js";
import type { GraphQLReply } from "../support/bureau.js";
import { openBrowser } from "../support/browser.js";
import { APP_CALLBACK, BANK_CALLBACK, PASSWORD, registerClient } from "../support/issuer.js";
import {
  clientCredentials,
  consentDetail,
  exchange,
  type OAuthClient,
  openClient,
  push,
  type Pushed,
  refresh,
  refusalOf,
  revoke,
} from "../support/oauth-clients.js";
import { askAsBank, askAsBearer, type OwnBureau, startOwnBureau } from "../support/own-bureau.js";

/** T6: what was ended at the issuer, by any of its roads, opens nothing at the gateway from the next request on. */

const BY = { actor: "operator", reason: "test" };
const INQUIRY = `query($id: MerchantId!) {
  merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "CASE-1") { identity { legalName } } }`;
const OWN = "{ consents(first: 1) { nodes { id } } }";
const END = `mutation($input: EndCredentialInput!) { endCredential(input: $input) { kind name } }`;

let house: OwnBureau;
beforeAll(async () => {
  house = await startOwnBureau();
});
afterAll(() => house.close());

interface Walked {
  readonly client: OAuthClient;
  readonly pushed: Pushed;
  readonly callback: string;
}

/** A new bank, so that nothing that is ended here is missed elsewhere. */
let banks = 0;
async function openBank(): Promise<OAuthClient & { readonly clientId: string }> {
  const clientId = `bank-${(banks += 1)}`;
  const registered = await registerClient(house.server, {
    clientId,
    party: "bank",
    partyId: clientId,
    name: clientId,
    redirectUris: [BANK_CALLBACK],
  });
  return { ...(await openClient(house.issuer, registered)), clientId };
}

/** A pushed request, answered by Alice on the pages; the code is still to be used. */
async function walk(
  client: OAuthClient,
  parameters: Record<string, string>,
  answer: Record<string, string | readonly string[]>,
): Promise<Walked> {
  const pushed = await push(client, house, parameters);
  const browser = openBrowser();
  const page = await browser.submit(await browser.open(pushed.url), { login: "alice", password: PASSWORD });
  const { url: callback } = await browser.submit(page, { decision: "approve", ...answer });
  return { client, pushed, callback };
}

const askConsent = (client: OAuthClient): Promise<Walked> =>
  walk(
    client,
    {
      redirect_uri: BANK_CALLBACK,
      scope: "profile:read",
      authorization_details: JSON.stringify([consentDetail(ALICE, { datatypes: ["IDENTITY"] })]),
    },
    { category: ["IDENTITY"] },
  );

const inquire = (bank: OAuthClient, token: string): Promise<GraphQLReply> =>
  askAsBank(bank, house, { token, query: INQUIRY, variables: { id: ALICE } });

function expectOpen(reply: GraphQLReply): void {
  expect(reply).toMatchObject({ status: 200, errors: [] });
}

function expectEnded(reply: GraphQLReply): void {
  expect(reply).toMatchObject({ status: 401, errors: [{ extensions: { code: "CREDENTIAL_REVOKED" } }] });
  expect(reply.headers["www-authenticate"]).toContain('error="invalid_token"');
  expect(reply.data ?? null).toBeNull();
}

/** As an officer ends it, by the API. */
async function endAsOfficer(kind: string, name: string): Promise<void> {
  const officer = await openClient(house.issuer, house.clients.officer, { isBound: false });
  const { access_token: token } = await clientCredentials(officer, {
    scope: "credentials:end",
    resource: house.audience,
  });
  const input = { kind, issuer: house.issuer, id: name, reason: "reported stolen" };
  const reply = await askAsBearer(house, { token, query: END, variables: { input } });
  expect(reply.errors).toEqual([]);
}

describe("a bank's token is refused by the gateway", () => {
  it.each([
    ["the issuer's command", (id: string) => house.server.registry.endClient(id, BY)],
    ["an officer", (id: string) => endAsOfficer("CLIENT", id)],
  ])("when its client is ended by %s, and there is no other", async (_by, end) => {
    const bank = await openBank();
    const { pushed, callback } = await askConsent(bank);
    const tokens = await exchange(bank, pushed, callback);
    expectOpen(await inquire(bank, tokens.access_token));
    await end(bank.clientId);
    expectEnded(await inquire(bank, tokens.access_token));
    expect(await refusalOf(refresh(bank, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_client",
    });
  });

  it.each([
    ["the issuer's command", (key: string) => house.server.registry.endKey(key, BY)],
    ["an officer", (key: string) => endAsOfficer("KEY", key)],
  ])("when the key that it is bound to is ended by %s", async (_by, end) => {
    const bank = await openBank();
    const { pushed, callback } = await askConsent(bank);
    const tokens = await exchange(bank, pushed, callback);
    expectOpen(await inquire(bank, tokens.access_token));
    await end(await bank.dpop.calculateThumbprint());
    expectEnded(await inquire(bank, tokens.access_token));
    // The refresh token of a confidential client is its own, but no token is bound to this key again.
    expect(await refusalOf(refresh(bank, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_dpop_proof",
    });
  });

  it("when its refresh token is revoked, or the token itself", async () => {
    for (const kind of ["refresh_token", "access_token"] as const) {
      const bank = await openBank();
      const { pushed, callback } = await askConsent(bank);
      const tokens = await exchange(bank, pushed, callback);
      expectOpen(await inquire(bank, tokens.access_token));
      await revoke(bank, tokens[kind] ?? "");
      expectEnded(await inquire(bank, tokens.access_token));
    }
  });

  it("when its grant is ended by an officer, and the consent given through it is over", async () => {
    const bank = await openBank();
    const { pushed, callback } = await askConsent(bank);
    const tokens = await exchange(bank, pushed, callback);
    expectOpen(await inquire(bank, tokens.access_token));
    const { grant_id: grant } = JSON.parse(
      Buffer.from(tokens.access_token.split(".")[1] ?? "", "base64url").toString(),
    );
    await endAsOfficer("GRANT", grant);
    expectEnded(await inquire(bank, tokens.access_token));
    expect(await refusalOf(refresh(bank, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
    const { access_token: other } = await clientCredentials(bank, {
      scope: "profile:read",
      resource: house.audience,
      authorization_details: JSON.stringify([
        { type: "merchant_credit_profile", purposes: ["PRE_LOAN_ASSESSMENT"], datatypes: ["IDENTITY"] },
      ]),
    });
    expect((await inquire(bank, other)).data.merchant).toBeNull();
  });

  it("when the bank itself gives the consent back", async () => {
    const bank = await openBank();
    const { pushed, callback } = await askConsent(bank);
    const tokens = await exchange(bank, pushed, callback);
    expectOpen(await inquire(bank, tokens.access_token));
    const { access_token: token } = await clientCredentials(bank, {
      scope: "consents:request consents:read",
      resource: house.audience,
    });
    const listed = await askAsBank(bank, house, { token, query: OWN });
    const query = "mutation($input: ConsentIdInput!) { terminateConsent(input: $input) { state } }";
    const input = { consentId: listed.data.consents.nodes[0].id };
    const ended = await askAsBank(bank, house, { token, query, variables: { input } });
    expect(ended).toMatchObject({ errors: [], data: { terminateConsent: { state: "TERMINATED" } } });
    expectEnded(await inquire(bank, tokens.access_token));
    expect(await refusalOf(refresh(bank, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
  });

  it("when its code is used a second time", async () => {
    const bank = await openBank();
    const { pushed, callback } = await askConsent(bank);
    const tokens = await exchange(bank, pushed, callback);
    expectOpen(await inquire(bank, tokens.access_token));
    expect(await refusalOf(exchange(bank, pushed, callback))).toMatchObject({ error: "invalid_grant" });
    expectEnded(await inquire(bank, tokens.access_token));
  });
});

describe("a merchant's token is refused by the gateway", () => {
  /** A session of Alice, or of whom the login says. */
  async function signIn(): Promise<{
    readonly app: OAuthClient;
    readonly access: string;
    readonly refresh: string;
  }> {
    const app = await openClient(house.issuer, house.clients.app, { isBound: false });
    const { pushed, callback } = await walk(app, { redirect_uri: APP_CALLBACK, scope: "consents:read" }, {});
    const tokens = await exchange(app, pushed, callback);
    return { app, access: tokens.access_token, refresh: tokens.refresh_token ?? "" };
  }
  const ask = (token: string): Promise<GraphQLReply> => askAsBearer(house, { token, query: OWN });

  it("when a refresh token is used twice: whoever stole it and whoever lost it are out", async () => {
    const { app, access, refresh: first } = await signIn();
    const second = await refresh(app, first);
    for (const token of [access, second.access_token]) expectOpen(await ask(token));
    expect(await refusalOf(refresh(app, first))).toMatchObject({ error: "invalid_grant" });
    for (const token of [access, second.access_token]) expectEnded(await ask(token));
  });

  it("when the refresh token is revoked, with every token of the session", async () => {
    const { app, access, refresh: first } = await signIn();
    const second = await refresh(app, first);
    await revoke(app, second.refresh_token ?? "");
    for (const token of [access, second.access_token]) expectEnded(await ask(token));
  });

  it("when the person's password is set anew, and when the account is ended", async () => {
    const before = await signIn();
    expectOpen(await ask(before.access));
    await house.server.registry.setPassword(house.people.alice, PASSWORD, BY);
    expectEnded(await ask(before.access));
    const after = await signIn();
    expectOpen(await ask(after.access));
    await house.server.registry.endAccount(house.people.alice, BY);
    expectEnded(await ask(after.access));
  });
});
