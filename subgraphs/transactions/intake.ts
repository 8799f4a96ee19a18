import type { Clock } from "../../foundation/clock.js";
import type { Postgres } from "../../foundation/postgres.js";
import type { AccountDirectory, FeedIntake } from "../../schema/ports.js";
import { createFeedIntake } from "../host/feeds/index.js";
import { createOrderFacts } from "./facts/apply-change.js";

export interface TransactionsIntakeOptions {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly directory: AccountDirectory;
  /** Key of the buyers' pseudonyms. */
  readonly pseudonymKey: Uint8Array;
}

/** The door for orders, payments, refunds, shipments and settlements. */
export function createTransactionsIntake(options: TransactionsIntakeOptions): FeedIntake {
  return createFeedIntake({ schema: "transactions", owner: createOrderFacts(), ...options });
}
