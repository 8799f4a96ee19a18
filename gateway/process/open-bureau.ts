import path from "node:path";
import type { Clock } from "../../foundation/clock.js";
import { loadOrCreateKey, loadOrCreateSecret } from "../../foundation/key-store.js";
import { openPostgres, type Postgres } from "../../foundation/postgres.js";
import { type DatabaseRoles, prepareDatabase } from "../../foundation/postgres/prepare-database.js";
import {
  createSigner,
  type Key,
  type KeySource,
  publicKeySet,
  randomSecret,
  type TokenAlgorithm,
} from "../../foundation/tokens.js";
import type {
  ConsentLedger,
  CredentialRegister,
  FeedIntake,
  InquiryLog,
  LinkGrant,
} from "../../schema/ports.js";
import { CN_RULEBOOK } from "../../schema/rulebook.js";
import type { Subgraph } from "../../schema/subgraph.js";
import {
  createConsentLedger,
  createCredentialRegister,
  createLinkGrant,
} from "../../subgraphs/consents/index.js";
import { createPermitVerifier } from "../../subgraphs/host/permit.js";
import { SUBGRAPH_SCHEMAS, SUBGRAPHS } from "../../subgraphs/index.js";
import { createInquiryLog } from "../../subgraphs/inquiries/index.js";
import { createAccountDirectory, createMerchantsIntake } from "../../subgraphs/merchants/index.js";
import { createSignalsIntake } from "../../subgraphs/signals/index.js";
import { createTransactionsIntake, refreshPlatformPriors } from "../../subgraphs/transactions/index.js";
import type { RequestBudget } from "../receive/request-budget.js";
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
  /** Signs access tokens in development; useless once another issuer is configured. */
  readonly issuer: Key;
  readonly permit: Key;
  readonly artefact: Key;
  /** Keys the pseudonyms of buyers; losing it severs new records from old ones. */
  readonly pseudonym: string;
}

/** What a bureau is opened with. */
export interface BureauOptions extends DatabaseRoles {
  readonly clock: Clock;
  readonly keys: BureauKeys;
  readonly tokens: {
    readonly issuer: string;
    readonly audience: string;
    readonly algorithms: readonly TokenAlgorithm[];
    readonly keys: KeySource;
    readonly clockToleranceSeconds: number;
  };
  readonly possession: Possession;
  /** Subgraphs that run elsewhere; all others run in this process. */
  readonly subgraphUrls: ReadonlyMap<string, URL>;
  readonly introspection: boolean;
  readonly budget: RequestBudget;
  readonly ledgerTimeoutMs: number;
  readonly recordTimeoutMs: number;
  readonly subgraphTimeoutMs: number;
  readonly requestTimeoutMs: number;
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
  const [issuer, permit, artefact] = await Promise.all([keyOf("issuer"), keyOf("permit"), keyOf("artefact")]);
  const pseudonym = await loadOrCreateSecret(path.join(folder, "pseudonym.secret"), randomSecret);
  return { issuer, permit, artefact, pseudonym };
}

/** The composition root: the only place that sees gateway and subgraphs together. Migrates, then builds. */
export async function openBureau(options: BureauOptions, seams: BureauSeams = {}): Promise<Bureau> {
  const { clock, keys } = options;
  const open = poolOpener(options);
  const { powers } = await prepareDatabase(options, SUBGRAPH_SCHEMAS);
  const postgres = open("intake", 4);
  const reading = open("subgraphs", options.poolMax, options.onStatement);
  const subgraphs = (await createSubgraphs(options, reading)).map(
    (subgraph) => seams.subgraph?.(subgraph) ?? subgraph,
  );
  const feeds = {
    postgres,
    clock,
    pseudonymKey: Buffer.from(keys.pseudonym),
    directory: createAccountDirectory(postgres),
  };
  const intakes = [createMerchantsIntake(feeds), createTransactionsIntake(feeds), createSignalsIntake(feeds)];
  const ledgerPool = open("ledger", 2);
  const recordPool = open("record", 2);
  const ledger = createConsentLedger({ postgres: ledgerPool, timeoutMs: options.ledgerTimeoutMs });
  const log = createInquiryLog({ postgres: recordPool, timeoutMs: options.recordTimeoutMs });
  const gateway = await createGateway({
    ...options,
    supergraphFile: SUPERGRAPH_FILE,
    places: placesOf(subgraphs, options.subgraphUrls),
    intakes,
    ledger: seams.ledger?.(ledger) ?? ledger,
    log: seams.log?.(log) ?? log,
    rulebook: CN_RULEBOOK,
    permitKey: keys.permit,
    publishedKeys: [keys.artefact, keys.issuer],
    ready: async () => void (await postgres.pool.query("select 1")),
  });
  const priors = keepPriorsFresh(options, postgres);
  const close = async (): Promise<void> => {
    await priors.stop();
    await gateway.close();
    await Promise.all([postgres, reading, ledgerPool, recordPool].map((pool) => pool.close()));
  };
  const store = { postgres: reading };
  return {
    gateway,
    postgres,
    subgraphs,
    intakes,
    credentials: createCredentialRegister(store),
    linkGrant: createLinkGrant(store),
    databasePowers: powers,
    close,
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
): (use: string, poolMax: number, onStatement?: (text: string) => void) => Postgres {
  return (use, poolMax, onStatement) =>
    openPostgres({
      connectionString: options.connectionString,
      applicationName: `xinqiao-${use}`,
      poolMax,
      statementTimeoutMs: use === "intake" ? 0 : options.statementTimeoutMs,
      ...(onStatement === undefined ? {} : { onStatement }),
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
