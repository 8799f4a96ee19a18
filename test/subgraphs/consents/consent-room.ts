import type { Postgres } from "../../../foundation/postgres.js";
import { migrateSchema } from "../../../foundation/postgres.js";
import { systemClock } from "../../../foundation/clock.js";
import { createSigner, generateSigningKey, type Key } from "../../../foundation/tokens.js";
import { DEFAULT_SCOPES, type Party, type Scope } from "../../../schema/parties.js";
import type { Subgraph, SubgraphAnswer } from "../../../schema/subgraph.js";
import { consentsMigrations, createConsentsSubgraph } from "../../../subgraphs/consents/index.js";
import { Permit, type PermitVerifier } from "../../../subgraphs/host/permit.js";
import { createTestDatabase, type TestDatabase } from "../../support/database.js";

export const ALICE = "91990100MA0000A193";
export const BOB = "92990100MA0000B234";
export const NOBODY = "93990100MA0000C387";

export interface Caller {
  readonly party: Party;
  readonly id: string;
  readonly scopes?: readonly Scope[];
  readonly signatory?: string;
}

export const alice: Caller = { party: "merchant", id: ALICE };
export const bob: Caller = { party: "merchant", id: BOB };
export const bank: Caller = { party: "bank", id: "demo-bank" };
export const secondBank: Caller = { party: "bank", id: "second-bank" };
export const officer: Caller = { party: "officer", id: "officer-1" };

/** A permit that names its caller in plain text: the rooms under test only see the verified permit. */
export const verifyPlainPermit: PermitVerifier = async (_subgraph, { permit }) => {
  const { party, id, scopes, signatory } = JSON.parse(permit ?? "{}") as Caller;
  const acting = signatory === undefined ? {} : { signatory };
  return new Permit({ party, id, scopes: new Set(scopes ?? DEFAULT_SCOPES[party]), ...acting }, []);
};

/** What a test knows of one answer. */
export interface Reply {
  // oxlint-disable-next-line no-explicit-any
  readonly data: any;
  readonly codes: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
}

export function toReply(answer: SubgraphAnswer): Reply {
  const errors = answer.errors ?? [];
  return {
    data: answer.data,
    codes: errors.map(({ extensions }) => extensions.code),
    facts: errors[0]?.extensions ?? {},
  };
}

export interface ConsentRoomTest {
  readonly database: TestDatabase;
  readonly postgres: Postgres;
  readonly subgraph: Subgraph;
  readonly artefactKey: Key;
  /** Sets the room's clock; undefined gives it back to the database. */
  setNow(now: string | undefined): void;
  /** The clock as set, for a ledger of the same test. */
  now: (() => Date) | undefined;
  ask(caller: Caller, query: string, variables?: Record<string, unknown>): Promise<Reply>;
  close(): Promise<void>;
}

/** The room on a database of its own. With `fakeClock` its time is what the test says, from 2026-03-15 12:00 Shanghai. */
export async function openConsentRoom(
  options: { readonly fakeClock?: boolean } = {},
): Promise<ConsentRoomTest> {
  const database = await createTestDatabase();
  const postgres = database.open({ poolMax: 16 });
  await migrateSchema(postgres, "consents", consentsMigrations);
  const artefactKey = await generateSigningKey();
  const signer = await createSigner(artefactKey);
  let at = new Date("2026-03-15T04:00:00.000Z");
  const now = options.fakeClock === true ? () => at : undefined;
  const subgraph = await createConsentsSubgraph({
    postgres,
    clock: systemClock,
    verifyPermit: verifyPlainPermit,
    signArtefact: (payload) => signer.sign("consent+jwt", payload),
    ...(now === undefined ? {} : { now }),
  });
  return {
    database,
    postgres,
    subgraph,
    artefactKey,
    now,
    setNow: (text) => void (at = new Date(text ?? at)),
    ask: async (caller, query, variables) =>
      toReply(
        await subgraph.execute({
          permit: JSON.stringify(caller),
          body: JSON.stringify({ query, variables }),
        }),
      ),
    close: () => database.drop(),
  };
}

export const GRANT = `mutation($input: GrantConsentInput!) { grantConsent(input: $input) {
  id version supersedes state remainingUses artefact startsAt expiresAt } }`;
export const REQUEST = `mutation($input: RequestConsentInput!) { requestConsent(input: $input) { id state lapsesAt createdAt } }`;
export const CHANGE = (verb: string): string =>
  `mutation($input: ConsentIdInput!) { ${verb}(input: $input) { id state events { kind at } } }`;

export const TERMS = {
  purpose: "PRE_LOAN_ASSESSMENT",
  categories: ["IDENTITY", "TRANSACTIONS"],
  lookbackMonths: 12,
  expiresAt: "2026-05-01T00:00:00.000Z",
  frequency: { count: 10, period: "MONTH" },
};

/** Terms that are good at the real time: they end in 30 days. */
export function termsFromNow(over: object = {}): Record<string, unknown> {
  return {
    ...TERMS,
    bank: "demo-bank",
    expiresAt: new Date(systemClock.now().getTime() + 30 * 86_400_000).toISOString(),
    ...over,
  };
}
