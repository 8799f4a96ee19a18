import path from "node:path";
import { AUTHORIZATION_SCHEMAS, type AuthorizationServer } from "../../authorization-server/index.js";
import type { Clock } from "../../foundation/clock.js";
import { loadOrCreateKey, loadOrCreateSecret } from "../../foundation/key-store.js";
import { openPostgres, type Postgres, type PostgresOptions } from "../../foundation/postgres.js";
import { type DatabaseRoles, prepareDatabase } from "../../foundation/postgres/prepare-database.js";
import { createSigner, type Key, publicKeySet, randomSecret } from "../../foundation/tokens.js";
import type {
  ConsentDesk,
  ConsentLedger,
  CredentialRegister,
  FeedIntake,
  InquiryLog,
  LinkGrant,
} from "../../schema/ports.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import type { Subgraph } from "../../schema/subgraph.js";
import {
  createConsentDesk,
  createConsentLedger,
  createCredentialRegister,
  createLinkGrant,
  LEDGER_CONNECTION,
} from "../../subgraphs/consents/index.js";
import { createPermitVerifier } from "../../subgraphs/host/permit.js";
import { SUBGRAPH_SCHEMAS, SUBGRAPHS } from "../../subgraphs/index.js";
import { createInquiryLog } from "../../subgraphs/inquiries/index.js";
import { createAccountDirectory, createMerchantsIntake } from "../../subgraphs/merchants/index.js";
import { createSignalsIntake } from "../../subgraphs/signals/index.js";
import { createTransactionsIntake, refreshPlatformPriors } from "../../subgraphs/transactions/index.js";
import type { Budgets } from "../receive/budgets.js";
import { openOwnIssuer, type OwnIssuer, type TrustedIssuer, trustedIssuer } from "./own-issuer.js";
import {
  createGateway,
  type Gateway,
  PERMIT_ISSUER,
  type Possession,
  type SubgraphPlace,
} from "./create-gateway.js";

/** The supergraph that composition committed. */
export const SUPERGRAPH_FILE = path.resolve(import.meta.dirname, "../../schema/generated/supergraph.graphql");

/** The keys of a bureau; made on first start, kept in its data folder. */
export interface BureauKeys {
  readonly permit: Key;
  readonly artefact: Key;
  /** Keys the pseudonyms of buyers; losing it severs new records from old ones. */
  readonly pseudonym: string;
}

/** What a bureau is opened with. */
export interface BureauOptions extends DatabaseRoles {
  readonly clock: Clock;
  readonly keys: BureauKeys;
  /** Whose access tokens are accepted: the house's own authorization server, or an issuer of the operator's. */
  readonly tokens: TrustedIssuer | OwnIssuer;
  readonly possession: Possession;
  /** Subgraphs that run elsewhere; all others run in this process. */
  readonly subgraphUrls: ReadonlyMap<string, URL>;
  readonly introspection: boolean;
  readonly budgets: Budgets;
  readonly ledgerTimeoutMs: number;
  readonly recordTimeoutMs: number;
  readonly subgraphTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly arrivalTimeoutMs: number;
  readonly connectionsMax: number;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
  readonly onError: (error: unknown, requestId: string) => void;
  /** Told of each statement that resolvers send. */
  readonly onStatement?: (text: string) => void;
}

/** An open bureau: a gateway that does not listen yet, and the ports of its rooms. */
export interface Bureau {
  readonly gateway: Gateway;
  readonly postgres: Postgres;
  readonly subgraphs: readonly Subgraph[];
  readonly intakes: readonly FeedIntake[];
  /** Where clients, keys, grants and tokens are ended. */
  readonly credentials: CredentialRegister;
  readonly linkGrant: LinkGrant;
  readonly desk: ConsentDesk;
  /** The house's own issuer; `undefined` where the operator has another. */
  readonly authorizationServer: AuthorizationServer | undefined;
  /** What the application's database role can do beyond using its tables; empty where an owner is kept apart. */
  readonly databasePowers: readonly string[];
  close(): Promise<void>;
}

/** Ways to put something between the rooms; code only, no configuration reaches them. */
export interface BureauSeams {
  readonly ledger?: (ledger: ConsentLedger) => ConsentLedger;
  readonly log?: (log: InquiryLog) => InquiryLog;
  readonly subgraph?: (subgraph: Subgraph) => Subgraph;
}

/** Reads the keys of a data folder, making what is missing. */
export async function loadKeys(folder: string): Promise<BureauKeys> {
  const keyOf = (name: string): Promise<Key> => loadOrCreateKey(path.join(folder, `${name}.jwk.json`));
  const [permit, artefact] = await Promise.all([keyOf("permit"), keyOf("artefact")]);
  const pseudonym = await loadOrCreateSecret(path.join(folder, "pseudonym.secret"), randomSecret);
  return { permit, artefact, pseudonym };
}

/** What cookies, nonces and forms of the house's own issuer hang on; made on first use. */
export function loadIssuerSecret(folder: string): Promise<string> {
  return loadOrCreateSecret(path.join(folder, "authorization.secret"), randomSecret);
}

/** The composition root: the only place that sees gateway and subgraphs together. Migrates, then builds. */
export async function openBureau(options: BureauOptions, seams: BureauSeams = {}): Promise<Bureau> {
  const { clock, keys } = options;
  const open = poolOpener(options);
  const { powers } = await prepareDatabase(options, { ...SUBGRAPH_SCHEMAS, ...AUTHORIZATION_SCHEMAS });
  const postgres = open("intake", 4);
  const { onStatement } = options;
  const reading = open("subgraphs", options.poolMax, onStatement === undefined ? {} : { onStatement });
  const subgraphs = (await createSubgraphs(options, reading)).map(
    (subgraph) => seams.subgraph?.(subgraph) ?? subgraph,
  );
  const intakes = createIntakes(options, postgres);
  const ledgerPool = open("ledger", 3, { settings: LEDGER_CONNECTION });
  const recordPool = open("record", 2);
  const truth = createConsentLedger({ postgres: ledgerPool, timeoutMs: options.ledgerTimeoutMs });
  const ledger = seams.ledger?.(truth) ?? truth;
  const log = createInquiryLog({ postgres: recordPool, timeoutMs: options.recordTimeoutMs });
  const rooms = await openConsentRooms(options, reading);
  const issuing = open("authorization", 6);
  const own = await openOwnIssuer(options.tokens, {
    ...rooms,
    postgres: issuing,
    clock,
    ledger,
    onError: (error) => options.onError(error, "authorization-server"),
  });
  const gateway = await createGateway({
    ...options,
    tokens: trustedIssuer(options.tokens, own),
    supergraphFile: SUPERGRAPH_FILE,
    places: placesOf(subgraphs, options.subgraphUrls),
    intakes,
    ledger,
    log: seams.log?.(log) ?? log,
    rulebook: CN_RULEBOOK,
    permitKey: keys.permit,
    publishedKeys: [keys.artefact],
    ready: async () => void (await postgres.pool.query("select 1")),
    ...(own === undefined ? {} : { mount: (app) => own.mount(app) }),
  });
  const priors = keepPriorsFresh(options, postgres);
  const close = async (): Promise<void> => {
    await priors.stop();
    await gateway.close();
    await own?.close();
    await Promise.all([postgres, reading, issuing, ledgerPool, recordPool].map((pool) => pool.close()));
  };
  return {
    gateway,
    postgres,
    subgraphs,
    intakes,
    credentials: rooms.register,
    linkGrant: rooms.linkGrant,
    desk: rooms.desk,
    authorizationServer: own,
    databasePowers: powers,
    close,
  };
}

function createIntakes({ clock, keys }: BureauOptions, postgres: Postgres): readonly FeedIntake[] {
  const pseudonymKey = Buffer.from(keys.pseudonym);
  const feeds = { postgres, clock, pseudonymKey, directory: createAccountDirectory(postgres) };
  return [createMerchantsIntake(feeds), createTransactionsIntake(feeds), createSignalsIntake(feeds)];
}

/** The doors of the room that owns consents beside its graph: where credentials end, and where banks' requests lie. */
async function openConsentRooms({ keys }: BureauOptions, postgres: Postgres) {
  const signer = await createSigner(keys.artefact);
  return {
    register: createCredentialRegister({ postgres }),
    linkGrant: createLinkGrant({ postgres }),
    desk: createConsentDesk({
      postgres,
      signArtefact: (payload) => signer.sign("consent+jwt", { ...payload }),
    }),
  };
}

/** What platforms' refunds are like on the whole changes slowly; it is learnt anew every ten minutes. */
const PRIORS_EVERY_MS = 600_000;

function keepPriorsFresh(options: BureauOptions, postgres: Postgres): { readonly stop: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const refresh = (): void => {
    running = refreshPlatformPriors(postgres, options.clock).then(
      () => {},
      (error: unknown) => options.onError(error, "priors"),
    );
  };
  refresh();
  const timer = setInterval(refresh, PRIORS_EVERY_MS).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

function poolOpener(
  options: BureauOptions,
): (use: string, poolMax: number, extras?: Pick<PostgresOptions, "settings" | "onStatement">) => Postgres {
  return (use, poolMax, extras = {}) =>
    openPostgres({
      connectionString: options.connectionString,
      applicationName: `xinqiao-${use}`,
      poolMax,
      statementTimeoutMs: use === "intake" ? 0 : options.statementTimeoutMs,
      ...extras,
    });
}

async function createSubgraphs(options: BureauOptions, postgres: Postgres): Promise<Subgraph[]> {
  const { clock, keys } = options;
  const verifyPermit = createPermitVerifier({
    issuer: PERMIT_ISSUER,
    keys: { kind: "local", keys: publicKeySet([keys.permit]) },
    algorithms: ["EdDSA", "ES256"],
    clock,
  });
  const signer = await createSigner(keys.artefact);
  const signArtefact = (payload: object): Promise<string> => signer.sign("consent+jwt", { ...payload });
  const deps = { postgres, clock, verifyPermit, signArtefact };
  return Promise.all(Object.values(SUBGRAPHS).map(({ create }) => create(deps)));
}

function placesOf(
  subgraphs: readonly Subgraph[],
  urls: ReadonlyMap<string, URL>,
): ReadonlyMap<string, SubgraphPlace> {
  return new Map(
    subgraphs.map((subgraph) => {
      const url = urls.get(subgraph.name);
      return [subgraph.name, url === undefined ? { subgraph } : { url }];
    }),
  );
}
