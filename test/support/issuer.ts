import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { type CryptoKey, exportJWK, generateKeyPair } from "jose";
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  createAuthorizationServer,
  AUTHORIZATION_SCHEMAS,
} from "../../authorization-server/index.js";
import type { ClientRegistration } from "../../authorization-server/clients/client.js";
import type { Lifetimes } from "../../authorization-server/protocol/configuration-parts.js";
import { systemClock } from "../../foundation/clock.js";
import { prepareDatabase } from "../../foundation/postgres/prepare-database.js";
import { createSigner, generateSigningKey, type KeySet } from "../../foundation/tokens.js";
import type { Postgres } from "../../foundation/postgres.js";
import type { ConsentDesk, DeskSigner } from "../../schema/ports.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import {
  createConsentDesk,
  createConsentLedger,
  createCredentialRegister,
  createLinkGrant,
} from "../../subgraphs/consents/index.js";
import { setSignatories } from "../../subgraphs/consents/signatories/set-signatories.js";
import { SUBGRAPH_SCHEMAS } from "../../subgraphs/index.js";
import { ALICE, BOB } from "./actors.js";
import { rolesOf } from "./bureau.js";
import { createTestDatabase, type TestDatabase } from "./database.js";

export const PASSWORD = "correct horse battery staple";
export const BANK_CALLBACK = "https://bank.test/callback";
export const APP_CALLBACK = "https://app.test/callback";

/** A client with the private key that it proves itself with. */
export interface TestClient {
  readonly clientId: string;
  readonly key: CryptoKey;
  readonly kid: string;
}

/** An authorization server that listens, over a real database; no gateway is behind it. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly server: AuthorizationServer;
  readonly desk: ConsentDesk;
  readonly database: TestDatabase;
  readonly errors: unknown[];
  readonly keyRingFile: string;
  /** What was ended, as `KIND iss|name`. */
  readonly ended: ReadonlySet<string>;
  readonly clients: Readonly<Record<"bank" | "otherBank" | "platform" | "app" | "officer", TestClient>>;
  /** Account ids of people who act for Alice's and Bob's firms; all have the same password. */
  readonly people: Readonly<Record<"alice" | "alicesPartner" | "bob", string>>;
  /** Names those who must sign for a merchant. */
  setSignatories(by: DeskSigner, list: { quorum: number; signatories: readonly string[] }): Promise<void>;
  /** Another instance of the same issuer on the same database; resolves to its own address. */
  another(): Promise<string>;
  close(): Promise<void>;
}

export interface TestIssuerOptions {
  readonly lifetimes?: Partial<Lifetimes>;
}

export const LIFETIMES: Lifetimes = {
  accessTokenSeconds: 300,
  backchannel: { intervalSeconds: 1, lifetimeSeconds: 600, lifetimeSecondsMax: 86_400 },
};

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts one, with clients and people that every story needs. */
export async function startTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const database = await createTestDatabase();
  await prepareDatabase(rolesOf(database), { ...SUBGRAPH_SCHEMAS, ...AUTHORIZATION_SCHEMAS });
  const postgres = database.open({ as: "application" });
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-issuer-"));
  const port = await freePort();
  const audience = `http://127.0.0.1:${port}`;
  const ended = new Set<string>();
  const errors: unknown[] = [];
  const parts = await serverOptions(postgres, { audience, folder, ended, errors });
  const running: { app: FastifyInstance; server: AuthorizationServer }[] = [];
  const listen = async (at: number): Promise<{ server: AuthorizationServer; url: string }> => {
    const server = await createAuthorizationServer({
      ...parts,
      lifetimes: { ...LIFETIMES, ...options.lifetimes },
    });
    const app = Fastify();
    await server.mount(app);
    running.push({ app, server });
    return { server, url: await app.listen({ host: "127.0.0.1", port: at }) };
  };
  const { server } = await listen(port);
  const room = { store: { postgres }, rulebook: CN_RULEBOOK, signArtefact: async () => "" };
  return {
    issuer: parts.issuer,
    audience,
    server,
    desk: parts.desk,
    database,
    errors,
    ended,
    keyRingFile: parts.keyRingFile,
    clients: await registerClients(server),
    people: await addPeople(server),
    setSignatories: async (by, list) => void (await setSignatories(room, by, list)),
    another: async () => (await listen(0)).url,
    close: async () => {
      for (const { app, server: one } of running) {
        await app.close();
        await one.close();
      }
      await postgres.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serverOptions(
  postgres: Postgres,
  place: { audience: string; folder: string; ended: Set<string>; errors: unknown[] },
): Promise<Omit<AuthorizationServerOptions, "lifetimes">> {
  const { audience, folder, ended, errors } = place;
  const signer = await createSigner(await generateSigningKey());
  const register = createCredentialRegister({ postgres });
  return {
    issuer: `${audience}/oauth`,
    audience,
    postgres,
    clock: systemClock,
    keyRingFile: path.join(folder, "ring.json"),
    secret: "a secret of more than thirty-two bytes, for tests",
    desk: createConsentDesk({
      postgres,
      signArtefact: (payload) => signer.sign("consent+jwt", { ...payload }),
    }),
    linkGrant: createLinkGrant({ postgres }),
    register: {
      end: async (credentials, by) => {
        await register.end(credentials, by);
        for (const { kind, id } of credentials) ended.add(`${kind} ${id}`);
      },
    },
    ledger: createConsentLedger({ postgres, timeoutMs: 5_000 }),
    notice: CN_RULEBOOK.notice,
    onError: (error) => errors.push(error),
  };
}

/** Makes a key and registers a client with it. */
export async function registerClient(
  server: AuthorizationServer,
  client: Omit<ClientRegistration, "jwks">,
): Promise<TestClient> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = `${client.clientId}-1`;
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] } as KeySet;
  await server.registry.clients.add({ ...client, jwks });
  return { clientId: client.clientId, key: privateKey, kid };
}

/** The clients that every story needs. */
export async function registerClients(server: AuthorizationServer): Promise<TestIssuer["clients"]> {
  const add = (client: Omit<ClientRegistration, "jwks">): Promise<TestClient> =>
    registerClient(server, client);
  return {
    bank: await add({
      clientId: "demo-bank",
      party: "bank",
      partyId: "demo-bank",
      name: "Demo Bank 示例银行",
      redirectUris: [BANK_CALLBACK],
    }),
    otherBank: await add({
      clientId: "second-bank",
      party: "bank",
      partyId: "second-bank",
      name: "Second Bank",
      redirectUris: [BANK_CALLBACK],
    }),
    platform: await add({
      clientId: "taoyuan-market",
      party: "platform",
      partyId: "taoyuan-market",
      name: "Taoyuan Market",
      redirectUris: [],
    }),
    app: await add({
      clientId: "merchant-app",
      party: "merchant",
      partyId: "merchant-app",
      name: "Xinqiao Merchant",
      redirectUris: [APP_CALLBACK],
    }),
    officer: await add({
      clientId: "officer-1",
      party: "officer",
      partyId: "officer-1",
      name: "Officer One",
      redirectUris: [],
    }),
  };
}

/** The people that every story needs. */
export async function addPeople(server: AuthorizationServer): Promise<TestIssuer["people"]> {
  const add = async (login: string, merchant: string, name: string): Promise<string> =>
    (await server.registry.accounts.add({ login, merchant, name, password: PASSWORD })).accountId;
  return {
    alice: await add("alice", ALICE, "Alice Zhang"),
    alicesPartner: await add("partner", ALICE, "Wei Li"),
    bob: await add("bob", BOB, "Bob Chen"),
  };
}
