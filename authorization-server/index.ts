import { hkdfSync } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type Provider from "oidc-provider";
import type { Clock } from "../foundation/clock.js";
import type { Postgres } from "../foundation/postgres.js";
import {
  createVerifier,
  type KeySet,
  publicKeySet,
  TOKEN_CHARACTERS_MAX,
  type TokenAlgorithm,
} from "../foundation/tokens.js";
import type { ConsentDesk, ConsentLedger, CredentialRegister, LinkGrant } from "../schema/ports.js";
import type { ConsentNotice } from "../schema/rulebook-form.js";
import { createAccountStore } from "./accounts/account-store.js";
import { buildProvider, type ProviderParts, type Refusal } from "./protocol/build-provider.js";
import { createClientStore } from "./clients/client-store.js";
import type { Lifetimes } from "./protocol/configuration-parts.js";
import { createBackchannel } from "./consent/backchannel.js";
import { createCredentials } from "./credentials.js";
import { loadKeyRing, SIGNING_ALGORITHM } from "./keys/key-ring-file.js";
import { type KeyRing, publishedKeys } from "./keys/key-ring.js";
import { mount, type MountParts } from "./mount.js";
import { createRegistry, type Registry } from "./registry.js";
import { createAdapterFactory } from "./store/adapter.js";
import { createModelStore, type ModelStore } from "./store/model-store.js";
import { createTokenClaims } from "./protocol/token-claims.js";

export type { Refusal } from "./protocol/build-provider.js";
export { AUTHORIZATION_SCHEMAS } from "./migrations/index.js";

export interface AuthorizationServerOptions {
  /** Where clients find it: an address with a path and without a slash at its end. */
  readonly issuer: string;
  /** The resource that its tokens are for: the gateway, as clients know it. */
  readonly audience: string;
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly keyRingFile: string;
  /** At least 32 random bytes, shared by the instances of one bureau: cookies, nonces and forms hang on it. */
  readonly secret: string;
  readonly lifetimes: Lifetimes;
  readonly desk: ConsentDesk;
  readonly linkGrant: LinkGrant;
  readonly register: CredentialRegister;
  readonly ledger: Pick<ConsentLedger, "check">;
  readonly notice: ConsentNotice;
  readonly onError: (error: unknown) => void;
  /** Told of each request that is refused; for the log. */
  readonly onRefusal?: (refusal: Refusal) => void;
}

/** An authorization server that does not listen yet. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly audience: string;
  /** What its tokens are signed with. */
  readonly algorithms: readonly TokenAlgorithm[];
  readonly registry: Registry;
  /** The public keys of the moment; the set changes when the ring on disk does. */
  keys(): KeySet;
  /** Puts its endpoints into an HTTP server. */
  mount(app: FastifyInstance): Promise<void>;
  /** Looks for a changed ring now, and not only twice a minute. */
  reloadKeys(): Promise<void>;
  close(): Promise<void>;
}

const RELOAD_KEYS_MS = 30_000;
const SWEEP_MS = 300_000;
const SWEEP_ROWS = 1_000;
const SWEEP_ROUNDS_MAX = 50;

/** Builds the server over a migrated schema. @throws Error when the ring of keys cannot be read */
export async function createAuthorizationServer(
  options: AuthorizationServerOptions,
): Promise<AuthorizationServer> {
  const now = (): Date => options.clock.now();
  const rooms = createRooms(options, () => current.provider);
  let ring = await loadKeyRing(options.keyRingFile, now);
  let current = build(options, rooms, ring);
  let published: { readonly names: string; readonly keys: KeySet } | undefined;
  const reloadKeys = async (): Promise<void> => {
    const read = await loadKeyRing(options.keyRingFile, now);
    if (namesOf(read, now()) === current.names) return;
    ring = read;
    current = build(options, rooms, ring);
  };
  const stops = [
    every(RELOAD_KEYS_MS, reloadKeys, options.onError),
    every(SWEEP_MS, () => sweep(rooms.store), options.onError),
  ];
  const parts: MountParts = {
    ...rooms,
    issuer: options.issuer,
    resource: options.audience,
    provider: () => current.provider,
    notice: options.notice,
    csrfKey: derive(options.secret, "csrf"),
    onError: options.onError,
    verify: (token) => current.verify(token),
  };
  return {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: [SIGNING_ALGORITHM],
    registry: createRegistry(rooms),
    keys: () => {
      // The same object as long as the same keys are published: whoever verifies need not look into it.
      const names = namesOf(ring, now());
      if (published?.names !== names)
        published = { names, keys: publicKeySet(publishedKeys(ring, now()).map(({ jwk }) => jwk)) };
      return published.keys;
    },
    mount: (app) => mount(app, parts),
    reloadKeys,
    close: async () => void (await Promise.all(stops.map((stop) => stop()))),
  };
}

function createRooms(options: AuthorizationServerOptions, provider: () => Provider) {
  const { postgres, issuer, audience, desk, linkGrant } = options;
  const store = createModelStore(postgres);
  const clients = createClientStore(postgres);
  const accounts = createAccountStore(postgres);
  const credentials = createCredentials(issuer, options.register, options.ledger);
  const grants = () => ({ provider: provider(), linkGrant, credentials, now: () => options.clock.now() });
  const times = options.lifetimes.backchannel;
  const backchannel = createBackchannel({ postgres, store, desk, resource: audience, times, grants });
  const claims = createTokenClaims({ accounts, store, credentials });
  return { store, clients, accounts, credentials, grants, backchannel, claims, desk };
}

/** The register of clients and accounts by itself, for an operator's commands beside a running server. */
export function openRegistry({
  issuer,
  postgres,
  register,
  ledger,
}: Pick<AuthorizationServerOptions, "issuer" | "postgres" | "register" | "ledger">): Registry {
  return createRegistry({
    store: createModelStore(postgres),
    clients: createClientStore(postgres),
    accounts: createAccountStore(postgres),
    credentials: createCredentials(issuer, register, ledger),
  });
}

/** What hangs on one ring of keys. */
function build(
  options: AuthorizationServerOptions,
  rooms: ReturnType<typeof createRooms>,
  ring: KeyRing,
): { readonly provider: Provider; readonly verify: MountParts["verify"]; readonly names: string } {
  const now = (): Date => options.clock.now();
  const { store, clients, credentials, backchannel } = rooms;
  const parts: ProviderParts = {
    ...rooms,
    issuer: options.issuer,
    resource: options.audience,
    ring,
    now,
    secrets: { cookies: derive(options.secret, "cookies"), nonces: derive(options.secret, "nonces") },
    lifetimes: options.lifetimes,
    adapter: createAdapterFactory({
      store,
      clients,
      credentials,
      poll: (id, payload) => backchannel.poll(id, payload),
    }),
    onError: options.onError,
    onRefusal: options.onRefusal ?? (() => {}),
  };
  const verify = createVerifier({
    keys: { kind: "local", keys: publicKeySet(ring.map(({ jwk }) => jwk)) },
    algorithms: [SIGNING_ALGORITHM],
    issuer: options.issuer,
    audience: options.audience,
    typ: "at+jwt",
    requiredClaims: ["client_id"],
    clockToleranceSeconds: 0,
    lifetimeMaxSeconds: options.lifetimes.accessTokenSeconds,
    charactersMax: TOKEN_CHARACTERS_MAX,
    now,
  });
  return { provider: buildProvider(parts), verify, names: namesOf(ring, now()) };
}

function namesOf(ring: KeyRing, now: Date): string {
  return publishedKeys(ring, now)
    .map(({ jwk, signsFrom }) => `${jwk.kid} ${signsFrom}`)
    .join();
}

function derive(secret: string, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", `xinqiao authorization server ${use}`, 32));
}

async function sweep(store: ModelStore): Promise<void> {
  for (let round = 0; round < SWEEP_ROUNDS_MAX; round += 1)
    if ((await store.sweep(SWEEP_ROWS)) < SWEEP_ROWS) return;
}

/** Runs work now and then, one run at a time; resolves, when stopped, after the run that is under way. */
function every(
  intervalMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  }, intervalMs).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
