import type { Clock } from "../../../foundation/clock.js";
import { migrateSchema, type Postgres } from "../../../foundation/postgres.js";
import type { PermitGrant } from "../../../schema/claims.js";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { BatchReport, FeedIntake } from "../../../schema/ports.js";
import type { Subgraph, SubgraphAnswer } from "../../../schema/subgraph.js";
import { Permit } from "../../../subgraphs/host/permit.js";
import {
  createTransactionsIntake,
  createTransactionsSubgraph,
  transactionsMigrations,
} from "../../../subgraphs/transactions/index.js";
import { createTestDatabase } from "../../support/database.js";
import { merchantBehind } from "./sellers.js";

/** The key of the stage's pseudonyms. */
export const PSEUDONYM_KEY = Buffer.alloc(32, 1);

export type Grant = Partial<PermitGrant> & { readonly merchant: string };

export interface Stage {
  readonly postgres: Postgres;
  readonly intake: FeedIntake;
  readonly subgraph: Subgraph;
  readonly statements: string[];
  publish(platform: string, kind: FeedKind, records: readonly object[]): Promise<BatchReport>;
  ask(grants: readonly Grant[], selection: string): Promise<SubgraphAnswer>;
  close(): Promise<void>;
}

/** The subgraph and its intake on a database of their own, at a fixed instant. */
export async function openStage(now: string): Promise<Stage> {
  const clock: Clock = { now: () => new Date(now), monotonicMs: () => 0 };
  const database = await createTestDatabase();
  const statements: string[] = [];
  const postgres = database.open({ onStatement: (text) => statements.push(text) });
  await migrateSchema(postgres, "transactions", transactionsMigrations);
  const directory = {
    resolve: async (_platform: string, accounts: readonly { sellerId: string }[]) =>
      accounts.map(({ sellerId }) => merchantBehind(sellerId)),
  };
  const intake = createTransactionsIntake({ postgres, clock, directory, pseudonymKey: PSEUDONYM_KEY });
  let grants: readonly Grant[] = [];
  const subgraph = await createTransactionsSubgraph({
    postgres,
    clock,
    verifyPermit: async () =>
      new Permit(
        { party: "bank", id: "demo-bank", scopes: new Set(["profile:read"]) },
        grants.map((grant) => ({
          inquiry: "i-1",
          categories: ["TRANSACTIONS", "SETTLEMENTS", "LOGISTICS"],
          records: [],
          ...grant,
        })),
      ),
  });
  let batches = 0;
  return {
    postgres,
    intake,
    subgraph,
    statements,
    publish: async (platform, kind, records) => {
      batches += 1;
      const body = Buffer.from(records.map((record) => JSON.stringify(record)).join("\n"));
      return intake.publish({ platform, kind, idempotencyKey: `batch-${batches}`, body: once(body) });
    },
    ask: async (asked, selection) => {
      grants = asked;
      const representations = asked.map(({ merchant }) => ({ __typename: "Merchant", id: merchant }));
      const query = `query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Merchant { id ${selection} } } }`;
      return subgraph.execute({
        permit: "",
        body: JSON.stringify({ query, variables: { representations } }),
      });
    },
    close: () => database.drop(),
  };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
