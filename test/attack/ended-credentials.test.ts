import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../foundation/clock.js";
import { createSigner, publicKeySet } from "../../foundation/tokens.js";
import { DEFAULT_SCOPES, type Party } from "../../schema/parties.js";
import type { ConsentLedger } from "../../schema/ports.js";
import { ALICE, grant, MARKETPLACE, PROFILE, publishTwoMerchants } from "../support/actors.js";
import { AUDIENCE, type GraphQLReply, ISSUER, startTestBureau, type TestBureau } from "../support/bureau.js";
import { makeProofKey, type ProofKey, rememberKey, sendWithToken } from "../support/proofs.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";

const END = `mutation($input: EndCredentialInput!) { endCredential(input: $input) { name } }`;

let database: TestDatabase;
/** Where credentials are ended, and another gateway on the same database. */
let here: TestBureau;
let there: TestBureau;
let checks = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const shared = { ...database, drop: async () => {} };
  here = await startTestBureau({ database: shared });
  const counted = (ledger: ConsentLedger): ConsentLedger => ({
    ...ledger,
    check: (...asked) => {
      checks += 1;
      return ledger.check(...asked);
    },
  });
  const tokens = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["EdDSA"] as const,
    keys: { kind: "local" as const, keys: publicKeySet([here.keys.issuer]) },
    clockToleranceSeconds: 5,
  };
  there = await startTestBureau({
    database: shared,
    // Time stands still for it, so that no answer is ever old enough to be checked again.
    clock: { ...systemClock, monotonicMs: () => 0 },
    seams: { ledger: counted },
    settings: { keys: here.keys, tokens },
  });
  await publishTwoMerchants(here);
  await grant(here, ALICE, { categories: ["IDENTITY"] });
});
afterAll(async () => {
  await here.close();
  await there.close();
  await database.drop();
});

/** One way to make a token rest on something, and what that is called. */
interface Rest {
  readonly kind: "CLIENT" | "KEY" | "GRANT" | "TOKEN";
  readonly name: string;
  readonly claims: Readonly<Record<string, unknown>>;
}
let made = 0;
const proofKeys = new Map<string, ProofKey>();
async function restOn(kind: Rest["kind"]): Promise<Rest> {
  made += 1;
  const name = `${kind.toLowerCase()}-${made}`;
  if (kind === "CLIENT") return { kind, name, claims: { client_id: name } };
  if (kind === "TOKEN") return { kind, name, claims: { jti: name } };
  if (kind === "GRANT") return { kind, name, claims: { grant_id: name } };
  const key = await makeProofKey();
  proofKeys.set(key.jkt, key);
  return { kind, name: key.jkt, claims: { cnf: { jkt: key.jkt } } };
}

async function tokenFor(
  party: Party,
  id: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const iat = Math.floor(here.clock.now().getTime() / 1000);
  const details = [
    { type: "merchant_credit_profile", purposes: ["PRE_LOAN_ASSESSMENT"], datatypes: ["IDENTITY"] },
  ];
  // A bank's token is bound; so is whatever rests on a key.
  const jkt = (claims["cnf"] as { jkt: string } | undefined)?.jkt;
  const key = jkt === undefined ? here.proofKey : proofKeys.get(jkt);
  const isBound = party === "bank" || jkt !== undefined;
  const token = await (
    await createSigner(here.keys.issuer)
  ).sign("at+jwt", {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: id,
    client_id: `${party}:${id}`,
    party,
    scope: DEFAULT_SCOPES[party].join(" "),
    iat,
    exp: iat + 600,
    jti: crypto.randomUUID(),
    ...(party === "bank" ? { authorization_details: details } : {}),
    ...(isBound ? { cnf: { jkt: key?.jkt } } : {}),
    ...claims,
  });
  if (isBound && key !== undefined) rememberKey(token, key, here.clock);
  return token;
}

async function end({ kind, name }: Rest): Promise<void> {
  const token = await here.token({ party: "officer", id: "officer-1" });
  const input = { kind, issuer: ISSUER, id: name, reason: "reported stolen" };
  const reply = await here.graphql(token, END, { input });
  if (reply.errors.length > 0) throw new Error(JSON.stringify(reply.errors));
}

const IDENTITY = `query($id: MerchantId!, $purpose: Purpose! = PRE_LOAN_ASSESSMENT, $reference: String! = "CASE-1") {
  merchant(id: $id, purpose: $purpose, reference: $reference) { id identity { legalName } } }`;

/** Every kind of operation that a token opens. */
const OPERATIONS: readonly (readonly [name: string, party: Party, id: string, query: string])[] = [
  ["a bank's inquiry", "bank", "demo-bank", IDENTITY],
  ["a bank's list of consents", "bank", "demo-bank", "{ consents { nodes { id } } }"],
  ["a bank's list of inquiries", "bank", "demo-bank", "{ inquiries { nodes { id } } }"],
  ["an operation that asks about nothing", "bank", "demo-bank", "{ __typename }"],
  ["a merchant's own file", "merchant", ALICE, "{ me { id identity { legalName } } }"],
  ["a merchant's consents", "merchant", ALICE, "{ consents { nodes { id bank } } }"],
  [
    "a merchant's mutation",
    "merchant",
    ALICE,
    'mutation { pauseConsent(input: { consentId: "00000000-0000-4000-8000-000000000000" }) { id } }',
  ],
  ["an officer's audit", "officer", "officer-7", "{ endedCredentials { nodes { name } } }"],
];

const ask = (token: string, query: string): Promise<GraphQLReply> =>
  there.graphql(token, query, query.includes("$id") ? { id: ALICE } : undefined);

function expectRefused(reply: GraphQLReply): void {
  expect(reply.status).toBe(401);
  expect(reply.errors.map(({ extensions }) => extensions["code"])).toEqual(["CREDENTIAL_REVOKED"]);
  expect(reply.headers["www-authenticate"]).toMatch(
    /^(Bearer|DPoP) realm="xinqiao", error="invalid_token"(, algs="[^"]+")?$/,
  );
  expect(reply.headers["retry-after"]).toBeUndefined();
  expect(reply.data ?? null).toBeNull();
  const { cost: _cost, ...told } = reply.extensions;
  expect(told).toEqual({});
  expect(JSON.stringify(reply)).not.toContain("Alice");
}

describe.each(["CLIENT", "KEY", "GRANT", "TOKEN"] as const)("a token whose %s was ended (T6)", (kind) => {
  it.each(OPERATIONS)(
    "opens %s before, and nothing from the next operation on another gateway",
    async (...at) => {
      const [, party, id, query] = at;
      const rest = await restOn(kind);
      const token = await tokenFor(party, id, rest.claims);
      checks = 0;
      const before = await ask(token, query);
      expect(before.status).toBe(200);
      expect(before.errors.map(({ extensions }) => extensions["code"])).not.toContain("CREDENTIAL_REVOKED");
      expect(checks).toBeGreaterThan(0);
      await end(rest);
      expectRefused(await ask(token, query));
    },
  );

  it("publishes no feed and reads no report of one", async () => {
    const rest = await restOn(kind);
    const token = await tokenFor("platform", MARKETPLACE, rest.claims);
    const { app } = there.gateway;
    const post = (key: string) =>
      sendWithToken(there.gateway, { token, method: "POST", path: "/feeds/review" }, (headers) =>
        app.inject({
          method: "POST",
          url: "/feeds/review",
          headers: { ...headers, "content-type": "application/x-ndjson", "idempotency-key": key },
          payload: JSON.stringify({
            reviewId: `${key}-1`,
            sellerId: "alice-shop",
            rating: 4,
            createdAt: "2026-01-01T00:00:00Z",
          }),
        }),
      );
    const report = (key: string) => {
      const path = `/feeds/review/batches/${key}`;
      return sendWithToken(there.gateway, { token, method: "GET", path }, (headers) =>
        app.inject({ url: path, headers }),
      );
    };
    expect((await post(`${kind}-before`)).statusCode).toBe(200);
    expect((await report(`${kind}-before`)).statusCode).toBe(200);
    await end(rest);
    for (const reply of [await post(`${kind}-after`), await report(`${kind}-before`)]) {
      expect(reply.statusCode).toBe(401);
      expect(reply.headers["www-authenticate"]).toContain('error="invalid_token"');
      expect(reply.json().errors[0].extensions.code).toBe("CREDENTIAL_REVOKED");
    }
    const { rows } = await here.postgres.pool.query(
      "select count(*) as n from signals.feed_batch where idempotency_key = $1",
      [`${kind}-after`],
    );
    expect(rows[0].n).toBe(0);
  });
});

describe("an ended credential", () => {
  it("says nothing about other credentials of the same bank", async () => {
    const [lost, kept] = [await restOn("TOKEN"), await restOn("TOKEN")];
    await end(lost);
    expectRefused(await ask(await tokenFor("bank", "demo-bank", lost.claims), IDENTITY));
    const reply = await ask(await tokenFor("bank", "demo-bank", kept.claims), IDENTITY);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
  });

  it("refuses an inquiry on record, and takes no use of the consent (P3)", async () => {
    const rest = await restOn("CLIENT");
    const token = await tokenFor("bank", "demo-bank", rest.claims);
    const uses = async () =>
      (await here.postgres.pool.query("select coalesce(sum(used), 0) as n from consents.usage")).rows[0].n;
    await end(rest);
    const before = await uses();
    const query = IDENTITY.replace("CASE-1", "CASE-ENDED");
    expectRefused(await ask(token, query));
    expect(await uses()).toBe(before);
    const { rows } = await here.postgres.pool.query(
      "select entry from inquiries.entry where entry->>'reference' = 'CASE-ENDED'",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0].entry).toMatchObject({
      stage: "DECIDED",
      asker: "demo-bank",
      clientId: rest.name,
      merchant: ALICE,
      decision: "REFUSED",
      released: [],
      rules: [
        { category: "IDENTITY", allowed: false, code: "CREDENTIAL_REVOKED", rule: "credential.standing" },
      ],
    });
  });

  it("is asked about in the one check of an operation, whatever that asks", async () => {
    const token = await tokenFor("bank", "demo-bank", {});
    for (const query of [IDENTITY, "{ consents { nodes { id } } }", "{ __typename }"]) {
      checks = 0;
      expect((await ask(token, query)).status).toBe(200);
      expect(checks).toBe(1);
    }
  });

  it("tells an officer's own mistakes apart: who may not end credentials ends none", async () => {
    const rest = await restOn("CLIENT");
    const input = { kind: rest.kind, issuer: ISSUER, id: rest.name, reason: "rivalry" };
    for (const party of ["bank", "merchant"] as const) {
      const id = party === "bank" ? "demo-bank" : ALICE;
      const reply = await here.graphql(await here.token({ party, id }), END, { input });
      expect(reply.errors[0]?.extensions["code"]).toMatch(/FORBIDDEN|INSUFFICIENT_SCOPE/);
    }
    expect((await ask(await tokenFor("bank", "demo-bank", rest.claims), IDENTITY)).status).toBe(200);
  });
});

describe("a grant that is ended", () => {
  it("takes the consents given through it along, for other tokens of the bank too", async () => {
    const grantId = `${ISSUER}|grant-of-bank`;
    const consentId = await grant(here, ALICE, { bank: "second-bank", categories: ["IDENTITY"] });
    expect(await here.linkGrant(ALICE, consentId, grantId)).toBe(true);
    const other = await tokenFor("bank", "second-bank", {});
    expect((await ask(other, IDENTITY)).data.merchant.id).toBe(ALICE);
    await there.credentials.end([{ kind: "GRANT", id: grantId }], {
      actor: "authorization-server",
      reason: "revoked at the token endpoint",
    });
    const reply = await ask(other, PROFILE);
    expect(reply.data.merchant).toBeNull();
    expect(reply.errors[0]?.extensions["code"]).toBe("CONSENT_REVOKED");
  });
});
