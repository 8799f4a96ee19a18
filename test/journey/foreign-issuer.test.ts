import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Provider } from "../../authorization-server/provider.js";
import { readGatewaySettings, tokenSettings } from "../../gateway/process/settings.js";
import { ALICE } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { askAsBank, askAsBearer, publishShop } from "../support/own-bureau.js";
import { freePort } from "../support/issuer.js";

/** An issuer that is not ours: a plain one, whose owner maps what it knows of its clients to the claims that we read. */

const PLAIN_HTTP = { [oauth.allowInsecureRequests]: true } as const;

/** What the foreign issuer knows of its clients, in words of its own. */
const DIRECTORY: Readonly<
  Record<string, { readonly sub: string; readonly claims: Record<string, unknown> }>
> = {
  "risk-engine": {
    sub: "demo-bank",
    claims: {
      party: "bank",
      authorization_details: [
        { type: "merchant_credit_profile", purposes: ["PRE_LOAN_ASSESSMENT"], datatypes: ["IDENTITY"] },
      ],
    },
  },
  "shop-portal": { sub: ALICE, claims: { party: "merchant", signatory: "alice" } },
  "audit-desk": { sub: "officer-1", claims: { party: "officer" } },
  unmapped: { sub: "somebody", claims: {} },
  "our-words": {
    sub: "demo-bank",
    claims: {
      party: "bank",
      authorization_details: [{ type: "payment_initiation", purposes: [], datatypes: [] }],
    },
  },
};

let server: Server;
let issuer: string;
let audience: string;
let bureau: TestBureau;

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const port = await freePort();
  audience = `http://127.0.0.1:${port}`;
  const theirs = (await foreignIssuer()).callback();
  server.on("request", (request, response) => void theirs(request, response));
  // As an operator plugs it in: by the settings, and by nothing else.
  const settings = readGatewaySettings({
    XINQIAO_TOKEN_ISSUER: issuer,
    XINQIAO_TOKEN_AUDIENCE: audience,
    XINQIAO_TOKEN_ALGORITHMS: "ES256",
    XINQIAO_TOKEN_JWKS_URL: `${issuer}/jwks`,
  });
  bureau = await startTestBureau({
    settings: { tokens: tokenSettings(settings, { port, secret: "unused" }) },
    possession: { publicUrl: undefined },
  });
  await bureau.gateway.app.listen({ host: "127.0.0.1", port });
  await publishShop(bureau);
});
afterAll(async () => {
  await bureau.close();
  await new Promise((resolve) => server.close(resolve));
});

async function foreignIssuer(): Promise<InstanceType<typeof Provider>> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "theirs", alg: "ES256", use: "sig" } as never] },
    clients: Object.keys(DIRECTORY).map((client_id) => ({
      client_id,
      client_secret: "a secret of this test only",
      grant_types: ["client_credentials"],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: "ES256",
    })),
    features: {
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "profile:read consents:read consents:manage credentials:end",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    ttl: { ClientCredentials: 600 },
    formats: {
      customizers: {
        jwt: (_ctx, token, parts) => {
          const entry = DIRECTORY[String(token.clientId)];
          Object.assign(parts.payload, entry?.claims, { sub: entry?.sub });
        },
      },
    },
  });
}

interface Foreign {
  readonly token: string;
  readonly dpop: oauth.DPoPHandle;
}

/** A token of the foreign issuer, by its own discovery. */
async function foreignToken(clientId: string, scope: string, isBound = false): Promise<Foreign> {
  const url = new URL(issuer);
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, PLAIN_HTTP));
  const client: oauth.Client = { client_id: clientId };
  const dpop = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    client,
    oauth.ClientSecretBasic("a secret of this test only"),
    { scope, resource: audience },
    isBound ? { ...PLAIN_HTTP, DPoP: dpop } : PLAIN_HTTP,
  );
  const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, response);
  return { token, dpop };
}

const INQUIRY = `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "CASE-1") {
  identity { legalName } transactions(window: { months: 12 }) { orderCount { value } } } }`;
const GRANT = `mutation($input: GrantConsentInput!) { grantConsent(input: $input) { state } }`;

describe("a gateway with another issuer", () => {
  it("runs none of its own", async () => {
    expect(bureau.authorizationServer).toBeUndefined();
    for (const path of [
      "/oauth/token",
      "/oauth/jwks",
      "/oauth/requests",
      "/.well-known/oauth-authorization-server/oauth",
    ])
      expect((await fetch(audience + path)).status, path).toBe(404);
  });

  it("takes merchants and banks at that issuer's word, and no further", async () => {
    const { token: merchant } = await foreignToken("shop-portal", "consents:manage consents:read");
    const input = {
      bank: "demo-bank",
      purpose: "PRE_LOAN_ASSESSMENT",
      categories: ["IDENTITY", "TRANSACTIONS"],
      lookbackMonths: 12,
      expiresAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    };
    const granted = await askAsBearer({ audience }, { token: merchant, query: GRANT, variables: { input } });
    expect(granted).toMatchObject({ status: 200, errors: [], data: { grantConsent: { state: "ACTIVE" } } });
    const bank = await foreignToken("risk-engine", "profile:read", true);
    const reply = await askAsBank(bank, { audience }, { token: bank.token, query: INQUIRY });
    expect(reply.data.merchant).toEqual({ identity: { legalName: "Alice Trading" }, transactions: null });
    expect(reply.errors[0]?.extensions["code"]).toBe("SCOPE_NOT_AUTHORIZED");
  });

  it("wants a bank's token bound, whoever made it", async () => {
    const { token } = await foreignToken("risk-engine", "profile:read");
    expect(await askAsBearer({ audience }, { token, query: INQUIRY })).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: "TOKEN_NOT_BOUND" } }],
    });
  });

  it.each(["unmapped", "our-words"])("refuses what it does not understand: %s", async (clientId) => {
    const { token, dpop } = await foreignToken(clientId, "profile:read", true);
    expect(await askAsBank({ dpop }, { audience }, { token, query: INQUIRY })).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: "TOKEN_INVALID" } }],
    });
  });

  it("ends that issuer's clients, keys, grants and tokens like its own", async () => {
    const { token: officer } = await foreignToken("audit-desk", "credentials:end");
    const { token, dpop } = await foreignToken("risk-engine", "profile:read", true);
    const id = await dpop.calculateThumbprint();
    const query = `mutation($input: EndCredentialInput!) { endCredential(input: $input) { name } }`;
    const input = { kind: "KEY", issuer, id, reason: "reported stolen" };
    const ended = await askAsBearer({ audience }, { token: officer, query, variables: { input } });
    expect(ended.errors).toEqual([]);
    expect(await askAsBank({ dpop }, { audience }, { token, query: INQUIRY })).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: "CREDENTIAL_REVOKED" } }],
    });
  });
});
