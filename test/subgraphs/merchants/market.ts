import type { Clock } from "../../../foundation/clock.js";
import { migrateSchema, type Postgres } from "../../../foundation/postgres.js";
import type { PermitGrant } from "../../../schema/claims.js";
import type { Party, Scope } from "../../../schema/parties.js";
import type { BatchReport } from "../../../schema/ports.js";
import { Permit } from "../../../subgraphs/host/permit.js";
import {
  createMerchantsIntake,
  createMerchantsSubgraph,
  merchantsMigrations,
} from "../../../subgraphs/merchants/index.js";

export const A = "91990100MA0000A193";
export const B = "92990100MA0000B234";
export const C = "93990100MA0000C387";
/** A wrong check digit. */
export const D = "91990100MA0000A194";

export const PLATFORM = "taoyuan-market";
export const clock: Clock = { now: () => new Date("2024-06-01T12:00:00Z"), monotonicMs: () => 0 };

export function account(sellerId: string, merchantId: string, change: Record<string, unknown> = {}): object {
  return {
    sellerId,
    merchantId,
    legalName: `Name of ${merchantId}`,
    openedAt: "2020-01-01T00:00:00Z",
    ...change,
  };
}

export type PublishAccounts = (records: readonly object[], platform?: string) => Promise<BatchReport>;

export async function openMarket(postgres: Postgres): Promise<PublishAccounts> {
  await migrateSchema(postgres, "merchants", merchantsMigrations);
  const intake = createMerchantsIntake({ postgres, clock, pseudonymKey: Buffer.alloc(32, 1) });
  let keys = 0;
  return async (records, platform = PLATFORM) => {
    async function* body() {
      yield Buffer.from(records.map((record) => JSON.stringify(record)).join("\n"));
    }
    return intake.publish({ platform, kind: "account", idempotencyKey: `key-${(keys += 1)}`, body: body() });
  };
}

export interface Asker {
  readonly party?: Party;
  readonly id?: string;
  readonly scopes?: readonly Scope[];
  readonly grants?: readonly string[];
  readonly categories?: PermitGrant["categories"];
  /** By merchant; every account where absent. */
  readonly accounts?: Readonly<Record<string, PermitGrant["accounts"]>>;
}

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

/** Asks the subgraph as the gateway would, with a permit that is already verified. */
export async function ask(
  postgres: Postgres,
  asker: Asker,
  body: { query: string; variables?: object },
): Promise<Answer> {
  const {
    party = "bank",
    id = "demo-bank",
    scopes = ["profile:read"],
    grants = [],
    categories = ["IDENTITY"],
    accounts = {},
  } = asker;
  const permit = new Permit(
    { party, id, scopes: new Set(scopes) },
    grants.map((merchant) => ({
      inquiry: `inquiry-${merchant}`,
      merchant,
      categories,
      records: [],
      ...(accounts[merchant] === undefined ? {} : { accounts: accounts[merchant] }),
    })),
  );
  const subgraph = await createMerchantsSubgraph({ postgres, clock, verifyPermit: async () => permit });
  return (await subgraph.execute({ permit: "verified", body: JSON.stringify(body) })) as Answer;
}
