import type { SchemaMigrations } from "../../foundation/postgres/prepare-database.js";
import * as initial from "./0001-initial.js";

/** The PostgreSQL schema of the authorization server, with its migrations by name, in order. */
export const AUTHORIZATION_SCHEMAS: SchemaMigrations = {
  authorization: { "0001-initial": { up: initial.up } },
};
