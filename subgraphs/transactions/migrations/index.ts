import type { Migration } from "kysely";
import { up as initial } from "./0001-initial.js";

/** Every step of the schema `transactions`, by name; names sort in the order of application. */
export const transactionsMigrations: Readonly<Record<string, Migration>> = {
  "0001-initial": { up: initial },
};
