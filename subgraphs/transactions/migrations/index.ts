import type { Migration } from "kysely";
import { up as initial } from "./0001-initial.js";
import { up as accounts } from "./0002-accounts.js";

/** Every step of the schema `transactions`, by name; names sort in the order of application. */
export const transactionsMigrations: Readonly<Record<string, Migration>> = {
  "0001-initial": { up: initial },
  "0002-accounts": { up: accounts },
};
