import type { Migration } from "kysely";
import { migrateSchema, type Postgres } from "../../foundation/postgres.js";
import * as initial from "./0001-initial.js";

const MIGRATIONS: Readonly<Record<string, Migration>> = { "0001-initial": { up: initial.up } };

/** Brings the PostgreSQL schema `authorization` to its newest version; resolves to the migrations that ran. */
export async function migrateAuthorizationServer(postgres: Postgres): Promise<readonly string[]> {
  const applied = await migrateSchema(postgres, "authorization", MIGRATIONS);
  return applied.map((name) => `authorization/${name}`);
}
