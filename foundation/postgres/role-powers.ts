import type pg from "pg";

/** What an application role must not be able to do, as a sentence for each that it can. */
const POWERS: readonly (readonly [column: string, sentence: string])[] = [
  ["superuser", "it is a superuser"],
  ["creates_roles", "it may create roles"],
  ["replicates", "it may replicate"],
  ["bypasses", "it bypasses row security"],
  ["creates_schemas", "it may create schemas"],
  ["owns", "it owns tables, or is a member of the role that owns them"],
  ["creates_tables", "it may create tables beside the bureau's"],
  ["silences", "it may set session_replication_role, which silences triggers"],
  ["writes_all", "it is a member of a role that may write everything or touch the server's files"],
];

/** `pg_has_role(.., 'MEMBER')` also holds for what `set role` reaches. */
const READ = `
with r as (select * from pg_roles where rolname = current_user),
  n as (select oid, nspowner from pg_namespace where nspname = any($1::text[]))
select r.rolsuper as superuser, r.rolcreaterole as creates_roles, r.rolreplication as replicates, r.rolbypassrls as bypasses,
  has_database_privilege(current_database(), 'CREATE') as creates_schemas,
  exists (select from pg_database d where d.datname = current_database() and pg_has_role(d.datdba, 'MEMBER'))
    or exists (select from n where pg_has_role(n.nspowner, 'MEMBER'))
    or exists (select from n join pg_class c on c.relnamespace = n.oid where pg_has_role(c.relowner, 'MEMBER'))
    or exists (select from n join pg_proc p on p.pronamespace = n.oid where pg_has_role(p.proowner, 'MEMBER')) as owns,
  exists (select from n where has_schema_privilege(n.oid, 'CREATE')) as creates_tables,
  has_parameter_privilege('session_replication_role', 'SET') as silences,
  exists (select from pg_roles a where a.rolname in
    ('pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files') and pg_has_role(a.oid, 'MEMBER')) as writes_all
from r`;

/**
 * What the role of a connection can do to the tables of the named schemas beyond using them; one sentence a power. Empty
 * for a role from which the guards of those tables are safe.
 */
export async function readPowers(
  queryable: pg.Pool | pg.PoolClient,
  schemas: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await queryable.query<Record<string, boolean>>(READ, [schemas]);
  const found = rows[0];
  if (found === undefined) return ["it is not known to the server"];
  return POWERS.filter(([column]) => found[column] !== false).map(([, sentence]) => sentence);
}
