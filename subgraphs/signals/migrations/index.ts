import type { Migration } from "kysely";
import { up as initial } from "./0001-initial.js";
import { up as accounts } from "./0002-accounts.js";

/** Every migration of the `signals` schema, by name, in order. */
export const signalsMigrations: Readonly<Record<string, Migration>> = {
  "0001-initial": { up: initial },
  "0002-accounts": { up: accounts },
};
