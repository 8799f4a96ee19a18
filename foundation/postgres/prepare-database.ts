import type { Migration } from "kysely";
import pg from "pg";
import { ConfigError } from "../config.js";
import { migrateSchema, openPostgres, type Postgres } from "../postgres.js";
import { grantRights } from "./grant-rights.js";
import { readPowers } from "./role-powers.js";

/** To be logged once, with `powers`, where they are not empty. */
export const ONE_ROLE_WARNING =
  "the application's database role can undo the guards of its tables; docs/database.md says how to keep an owner apart";

/** How the two roles of the database log in; without an owner the application's role migrates as well. */
export interface DatabaseRoles {
  readonly connectionString: string;
  readonly ownerConnectionString?: string | undefined;
}

/** The PostgreSQL schemas of a house: the migrations of each, by name, in order. */
export type SchemaMigrations = Readonly<Record<string, Readonly<Record<string, Migration>>>>;

export interface PreparedDatabase {
  /** `schema/migration` of each that ran. */
  readonly applied: readonly string[];
  /**
   * What the application's role can do beyond using the tables, one sentence each. Empty where the roles are apart;
   * otherwise the guards are triggers which this role could take away.
   */
  readonly powers: readonly string[];
}

/**
 * Brings the schemas to their newest version and gives the application's role the rights it needs, and no others. With an
 * owner, the owner migrates and the application must not be able to undo a guard; a mere application role finds the
 * schemas at their newest version; a role that is both migrates for itself.
 * @throws ConfigError when the application's role has powers beside an owner, or nobody may migrate what is not there
 */
export async function prepareDatabase(
  roles: DatabaseRoles,
  schemas: SchemaMigrations,
): Promise<PreparedDatabase> {
  const names = Object.keys(schemas);
  return withPool(roles.connectionString, async (application) => {
    if (roles.ownerConnectionString !== undefined) {
      const role = await roleOf(application);
      const applied = await withPool(roles.ownerConnectionString, async (owner) => {
        const migrated = await migrateAll(owner, schemas);
        const powers = await readPowers(application.pool, names);
        if (powers.length > 0)
          throw new ConfigError(powers.map((power) => `the application's database role must not: ${power}`));
        await grantRights(owner.pool, { role, schemas: names });
        return migrated;
      });
      await requireNewest(application, schemas);
      return { applied, powers: [] };
    }
    if ((await readPowers(application.pool, names)).length > 0) {
      const applied = await migrateAll(application, schemas);
      return { applied, powers: await readPowers(application.pool, names) };
    }
    await requireNewest(application, schemas);
    return { applied: [], powers: [] };
  });
}

async function withPool<T>(connectionString: string, use: (postgres: Postgres) => Promise<T>): Promise<T> {
  const options = { applicationName: "xinqiao-migrate", poolMax: 2, statementTimeoutMs: 0 };
  const postgres = openPostgres({ connectionString, ...options });
  try {
    return await use(postgres);
  } finally {
    await postgres.close();
  }
}

async function roleOf({ pool }: Postgres): Promise<string> {
  const { rows } = await pool.query<{ role: string }>("select current_user::text as role");
  return rows[0]?.role ?? "";
}

async function migrateAll(postgres: Postgres, schemas: SchemaMigrations): Promise<readonly string[]> {
  const applied: string[] = [];
  for (const [schema, migrations] of Object.entries(schemas)) {
    const names = await migrateSchema(postgres, schema, migrations);
    applied.push(...names.map((migration) => `${schema}/${migration}`));
  }
  return applied;
}

/** @throws ConfigError naming what is missing */
async function requireNewest({ pool }: Postgres, schemas: SchemaMigrations): Promise<void> {
  const missing: string[] = [];
  for (const [schema, migrations] of Object.entries(schemas)) {
    const { rows } = await pool
      .query<{ name: string }>(`select name from ${pg.escapeIdentifier(schema)}.migration`)
      .catch((error: unknown) => {
        // No such schema or table, or no right to see it: nothing is known to have been applied here.
        if (!["3F000", "42P01", "42501"].includes(String((error as { code?: unknown }).code))) throw error;
        return { rows: [] };
      });
    const known = new Set(rows.map(({ name }) => name));
    missing.push(
      ...Object.keys(migrations)
        .filter((name) => !known.has(name))
        .map((name) => `${schema}/${name}`),
    );
  }
  if (missing.length > 0)
    throw new ConfigError([
      `the application's database role may not migrate, and the database lacks ${missing.join(", ")}: let its owner migrate`,
    ]);
}
