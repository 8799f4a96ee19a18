import type { Migration } from "kysely";
import * as initial from "./0001-initial.js";

/** The migrations of the PostgreSQL schema `merchants`, by name, in order. */
export const merchantsMigrations: Readonly<Record<string, Migration>> = {
  "0001-initial": { up: initial.up },
};
