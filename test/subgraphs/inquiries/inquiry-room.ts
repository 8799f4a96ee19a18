import { systemClock } from "../../../foundation/clock.js";
import { uuidv7 } from "../../../foundation/ids.js";
import { migrateSchema, type Postgres } from "../../../foundation/postgres.js";
import { DEFAULT_SCOPES, type Party, type Scope } from "../../../schema/parties.js";
import type { InquiryEntry } from "../../../schema/ports.js";
import type { Subgraph } from "../../../schema/subgraph.js";
import { Permit } from "../../../subgraphs/host/permit.js";
import { createInquiriesSubgraph, inquiriesMigrations } from "../../../subgraphs/inquiries/index.js";
import { createTestDatabase, type TestDatabase } from "../../support/database.js";

export const ALICE = "91990100MA0000A193";
export const BOB = "92990100MA0000B234";

export interface Caller {
  readonly party: Party;
  readonly id: string;
  readonly scopes?: readonly Scope[];
}

export interface InquiryRoomTest {
  readonly database: TestDatabase;
  readonly postgres: Postgres;
  ask(
    caller: Caller,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<{
    // oxlint-disable-next-line no-explicit-any
    readonly data: any;
    readonly codes: readonly string[];
  }>;
  close(): Promise<void>;
}

/** The room on a database of its own; permits name their caller in plain text. */
export async function openInquiryRoom(): Promise<InquiryRoomTest> {
  const database = await createTestDatabase();
  const postgres = database.open();
  await migrateSchema(postgres, "inquiries", inquiriesMigrations);
  const subgraph: Subgraph = await createInquiriesSubgraph({
    postgres,
    clock: systemClock,
    verifyPermit: async (_name, { permit }) => {
      const { party, id, scopes } = JSON.parse(permit ?? "{}") as Caller;
      return new Permit({ party, id, scopes: new Set(scopes ?? DEFAULT_SCOPES[party]) }, []);
    },
  });
  return {
    database,
    postgres,
    ask: async (caller, query, variables) => {
      const answer = await subgraph.execute({
        permit: JSON.stringify(caller),
        body: JSON.stringify({ query, variables }),
      });
      return { data: answer.data, codes: (answer.errors ?? []).map(({ extensions }) => extensions.code) };
    },
    close: () => database.drop(),
  };
}

/** An entry of a bank's inquiry, granted in part. */
export function entryOf(over: Partial<InquiryEntry> = {}): InquiryEntry {
  return {
    inquiryId: uuidv7(systemClock.now().getTime()),
    stage: "DECIDED",
    party: "bank",
    asker: "demo-bank",
    clientId: "demo-bank-client",
    merchant: ALICE,
    purpose: "PRE_LOAN_ASSESSMENT",
    reference: "CASE-1",
    decision: "PART_GRANTED",
    asked: ["IDENTITY", "REVIEWS"],
    released: ["IDENTITY"],
    consentId: "00000000-0000-7000-8000-000000000001",
    consentVersion: 1,
    months: { from: "2025-04", until: "2026-04" },
    rules: [
      {
        category: "IDENTITY",
        allowed: true,
        code: "OK",
        rule: "consent.granted",
        article: "征信业管理条例 第十八条",
      },
      {
        category: "REVIEWS",
        allowed: false,
        code: "SCOPE_NOT_CONSENTED",
        rule: "consent.category",
        article: "征信业管理条例 第二十条",
      },
    ],
    rulebook: "CN-2026.1",
    operationSha256: "ab".repeat(32),
    ...over,
  };
}
