import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createModelStore, type ModelStore, storedId } from "../../authorization-server/store/model-store.js";
import { ALICE } from "../support/actors.js";
import { openBrowser } from "../support/browser.js";
import {
  APP_CALLBACK,
  PASSWORD,
  registerClient,
  startTestIssuer,
  type TestIssuer,
} from "../support/issuer.js";
import {
  clientCredentials,
  exchange,
  introspect,
  openClient,
  push,
  refresh,
  refusalOf,
} from "../support/oauth-clients.js";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const BY = { actor: "operator:test", reason: "a test" };
let count = 0;
const newName = (): string => `client-${(count += 1)}`;

describe("a client that was ended", () => {
  it("is nobody: no token is given, and those it had are dead", async () => {
    const clientId = newName();
    const client = await openClient(
      issuer.issuer,
      await registerClient(issuer.server, {
        clientId,
        party: "platform",
        partyId: clientId,
        name: clientId,
        redirectUris: [],
      }),
    );
    const ask = () => clientCredentials(client, { scope: "feeds:write", resource: issuer.audience });
    const { access_token: token } = await ask();
    const officer = await openClient(issuer.issuer, issuer.clients.officer);
    expect(await introspect(officer, token)).toMatchObject({ active: true });
    await issuer.server.registry.endClient(clientId, BY);
    expect(await refusalOf(ask())).toMatchObject({ status: 401, error: "invalid_client" });
    expect(await introspect(officer, token)).toEqual({ active: false });
    expect(issuer.ended).toContain(`CLIENT ${issuer.issuer}|${clientId}`);
    // A retry changes nothing; the name is not given again.
    expect((await issuer.server.registry.endClient(clientId, BY)).endedAt).toBeInstanceOf(Date);
    const again = {
      clientId,
      party: "platform" as const,
      partyId: clientId,
      name: clientId,
      redirectUris: [],
    };
    await expect(registerClient(issuer.server, again)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("is nobody even where only the register knows yet", async () => {
    const clientId = newName();
    const client = await openClient(
      issuer.issuer,
      await registerClient(issuer.server, {
        clientId,
        party: "platform",
        partyId: clientId,
        name: clientId,
        redirectUris: [],
      }),
    );
    const postgres = issuer.database.open({ as: "application" });
    await postgres.pool.query(
      "insert into consents.ended_credential (kind, id, at, actor, reason) values ('CLIENT', $1, now(), 'x', 'x')",
      [`${issuer.issuer}|${clientId}`],
    );
    expect(
      await refusalOf(clientCredentials(client, { scope: "feeds:write", resource: issuer.audience })),
    ).toMatchObject({ error: "invalid_client" });
  });

  it("cannot be brought back or taken away, not even in the database", async () => {
    const clientId = newName();
    await registerClient(issuer.server, {
      clientId,
      party: "platform",
      partyId: clientId,
      name: clientId,
      redirectUris: [],
    });
    await issuer.server.registry.endClient(clientId, BY);
    const owner = issuer.database.open();
    for (const statement of [
      `update "authorization".client set ended_at = null where client_id = '${clientId}'`,
      `update "authorization".client set party_id = 'other' where client_id = '${clientId}'`,
      `delete from "authorization".client where client_id = '${clientId}'`,
      `truncate "authorization".client`,
    ])
      await expect(owner.pool.query(statement), statement).rejects.toMatchObject({ code: "23001" });
  });
});

describe("a key that was ended", () => {
  it("gets no token, while the client goes on with another", async () => {
    const bank = await openClient(issuer.issuer, issuer.clients.bank);
    const ask = () => clientCredentials(bank, { scope: "profile:read", resource: issuer.audience });
    const { access_token: token } = await ask();
    await issuer.server.registry.endKey(await bank.dpop.calculateThumbprint(), BY);
    expect(await refusalOf(ask())).toMatchObject({ error: "invalid_dpop_proof" });
    expect(await introspect(bank, token)).toEqual({ active: false });
    const withAnother = await openClient(issuer.issuer, issuer.clients.bank);
    expect(
      (await clientCredentials(withAnother, { scope: "profile:read", resource: issuer.audience }))
        .access_token,
    ).toBeDefined();
  });
});

describe("a person's account", () => {
  let login: string;
  let accountId: string;
  beforeEach(async () => {
    login = `person-${(count += 1)}`;
    ({ accountId } = await issuer.server.registry.accounts.add({
      login,
      merchant: ALICE,
      name: "A Person",
      password: PASSWORD,
    }));
  });

  async function signIn() {
    const app = await openClient(issuer.issuer, issuer.clients.app);
    const pushed = await push(app, issuer, { redirect_uri: APP_CALLBACK, scope: "profile:read" });
    const browser = openBrowser();
    const page = await browser.submit(await browser.open(pushed.url), { login, password: PASSWORD });
    const { url } = await browser.submit(page, { decision: "approve" });
    return { app, browser, tokens: await exchange(app, pushed, url) };
  }

  it("that is ended is signed out everywhere, and cannot sign in", async () => {
    const { app, browser, tokens } = await signIn();
    await issuer.server.registry.endAccount(accountId, BY);
    expect(issuer.ended).toContain(
      `GRANT ${issuer.issuer}|${String(decodeJwt(tokens.access_token)["grant_id"])}`,
    );
    expect(await refusalOf(refresh(app, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
    const pushed = await push(app, issuer, { redirect_uri: APP_CALLBACK, scope: "profile:read" });
    const page = await browser.open(pushed.url);
    expect(page.text).toContain('name="password"');
    expect((await browser.submit(page, { login, password: PASSWORD })).status).toBe(401);
  });

  it("whose password is set is signed out everywhere, and signs in with the new one", async () => {
    const { app, tokens } = await signIn();
    await issuer.server.registry.setPassword(accountId, "another long password", BY);
    expect(await refusalOf(refresh(app, tokens.refresh_token ?? ""))).toMatchObject({
      error: "invalid_grant",
    });
    const { accounts } = issuer.server.registry;
    expect(await accounts.signIn(login, PASSWORD)).toBeUndefined();
    expect(await accounts.signIn(login.toUpperCase(), "another long password")).toMatchObject({
      accountId,
      merchant: ALICE,
    });
  });

  it("keeps no password that could be read, and takes none that is short", async () => {
    const { rows } = await issuer.database
      .open()
      .pool.query<{ hash: string }>(
        `select password_hash as hash from "authorization".account where account_id = $1`,
        [accountId],
      );
    expect(rows[0]?.hash).toMatch(/^scrypt\$32768\$8\$3\$/);
    await expect(issuer.server.registry.setPassword(accountId, "short", BY)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
    });
    await expect(
      issuer.server.registry.accounts.add({ login, merchant: ALICE, name: "X", password: PASSWORD }),
    ).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(
      issuer.server.registry.accounts.add({ login: "x", merchant: "no code", name: "", password: PASSWORD }),
    ).rejects.toMatchObject({ code: "BAD_USER_INPUT", facts: { problems: { length: 3 } } });
  });
});

describe("the store of the protocol", () => {
  let store: ModelStore;
  beforeAll(() => {
    store = createModelStore(issuer.database.open({ as: "application" }));
  });
  const state = (lifetimeSeconds = 60, payload: object = {}) => ({
    payload: { ...payload },
    lifetimeSeconds,
  });

  it("lets a thing be used up by one of many at once, and never again", async () => {
    await store.put("AuthorizationCode", "code-1", state());
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => store.consume("AuthorizationCode", "code-1")),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    await store.put("AuthorizationCode", "code-1", state(60, { grantId: "g" }));
    expect(await store.find("AuthorizationCode", "code-1")).toMatchObject({
      grantId: "g",
      consumed: expect.any(Number),
    });
    expect(await store.consume("AuthorizationCode", "code-1")).toBe(false);
  });

  it("gives a name to the first of many at once, until its time is over", async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => store.claimOnce("name-1", 60)));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await store.claimOnce("name-2", -1)).toBe(true);
    expect(await store.claimOnce("name-2", 60)).toBe(true);
    expect(await store.claimOnce("name-2", 60)).toBe(false);
  });

  it("keeps ids that open something as hashes only", async () => {
    await store.put("RefreshToken", "a secret", state(60, { jti: "a secret", grantId: "g2" }));
    const { rows } = await issuer.database
      .open()
      .pool.query<{ row: string }>(
        `select t::text as row from "authorization".model_state t where grant_id = 'g2'`,
      );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain("a secret");
    expect(rows[0]?.row).toContain(storedId("RefreshToken", "a secret"));
    expect(await store.find("RefreshToken", "a secret")).toMatchObject({ jti: "a secret" });
    expect(await store.find("RefreshToken", "another")).toBeUndefined();
  });

  it("sweeps what has been over for an hour, a bounded number at a time", async () => {
    for (let i = 0; i < 5; i += 1) await store.put("Interaction", `old-${i}`, state(-4_000));
    await store.put("Interaction", "lately", state(-60));
    await store.put("Interaction", "live", state(60));
    let removed = 0;
    for (let round = 0; round < 3; round += 1) removed += await store.sweep(2);
    expect(removed).toBeGreaterThanOrEqual(5);
    expect(await store.find("Interaction", "old-0")).toBeUndefined();
    expect(await store.find("Interaction", "lately")).toBeDefined();
    expect(await store.find("Interaction", "live")).toBeDefined();
  });

  it("takes what clients send as it is, U+0000 included", async () => {
    await store.put("Interaction", "odd", state(60, { params: { state: "a\u0000b\ud800" } }));
    expect(await store.find("Interaction", "odd")).toMatchObject({ params: { state: "a\u0000b\ud800" } });
  });
});
