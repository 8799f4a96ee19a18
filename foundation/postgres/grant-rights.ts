import pg from "pg";

const RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"] as const;
type Right = (typeof RIGHTS)[number];

interface TableRow {
  readonly table: string;
  readonly bookkeeping: boolean;
  /** What a trigger of the table refuses: `refuse_change` to everybody, `refuse_outsiders` to all but other triggers. */
  readonly refused: readonly Right[];
  readonly held: readonly Right[];
}

/** Bits of `pg_trigger.tgtype`: 2 before, 4 insert, 8 delete, 16 update, 32 truncate (PostgreSQL, catalog/pg_trigger.h). */
const READ = `
select format('%I.%I', n.nspname, c.relname) as table, c.relname in ('migration', 'migration_lock') as bookkeeping,
  array(select distinct b.operation from pg_trigger t join pg_proc p on p.oid = t.tgfoid,
    (values ('INSERT', 4), ('DELETE', 8), ('UPDATE', 16), ('TRUNCATE', 32)) as b(operation, bit)
    where t.tgrelid = c.oid and p.proname in ('refuse_change', 'refuse_outsiders') and t.tgtype & 2 <> 0 and t.tgtype & b.bit <> 0
      and t.tgenabled <> 'D') as refused,
  array(select r from unnest($3::text[]) as r where has_table_privilege($1, c.oid, r)) as held
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($2::text[]) and c.relkind in ('r', 'p') order by 1`;

/**
 * Gives a role exactly the rights that using the tables of the named schemas needs: to read everywhere, to add,
 * change and delete where no `refuse_change` or `refuse_outsiders` trigger says otherwise, and nothing on the bookkeeping of migrations but to read
 * it. Tables of later migrations are found by themselves. Where the rights are right already nothing is written.
 * To be called as the owner.
 * @throws Error when the role holds more all the same, by way of PUBLIC or of another role
 */
export async function grantRights(
  owner: pg.Pool,
  { role, schemas }: { readonly role: string; readonly schemas: readonly string[] },
): Promise<void> {
  const client = await owner.connect();
  try {
    await client.query("begin");
    // Two first starts at once: grants on one table cannot be written side by side.
    await client.query("select pg_advisory_xact_lock(hashtextextended('grant rights', 0))");
    const changes = (await readTables(client, role, schemas)).flatMap((table) => changesOf(table, role));
    await client.query([...openings(role, schemas), ...changes].join(";\n"));
    const excess = (await readTables(client, role, schemas)).filter((table) => excessOf(table).length > 0);
    if (excess.length > 0)
      throw new Error(
        `${role} may do more than it should, through PUBLIC or another role: ${excess.map(({ table }) => table).join(", ")}`,
      );
    await client.query("commit");
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function readTables(
  client: pg.PoolClient,
  role: string,
  schemas: readonly string[],
): Promise<readonly TableRow[]> {
  return (await client.query<TableRow>(READ, [role, schemas, RIGHTS])).rows;
}

/** Functions are those of the schema's owner: what they do beyond the role's own rights is written in them. */
function openings(role: string, schemas: readonly string[]): readonly string[] {
  const to = `to ${pg.escapeIdentifier(role)}`;
  return schemas
    .map(pg.escapeIdentifier)
    .flatMap((schema) => [
      `grant usage on schema ${schema} ${to}`,
      `grant usage on all sequences in schema ${schema} ${to}`,
      `grant execute on all functions in schema ${schema} ${to}`,
    ]);
}

function wantedOf({ bookkeeping, refused }: TableRow): readonly Right[] {
  if (bookkeeping) return ["SELECT"];
  return (["SELECT", "INSERT", "UPDATE", "DELETE"] as const).filter((right) => !refused.includes(right));
}

function excessOf(row: TableRow): readonly Right[] {
  return row.held.filter((right) => !wantedOf(row).includes(right));
}

function changesOf(row: TableRow, role: string): readonly string[] {
  const excess = excessOf(row);
  const missing = wantedOf(row).filter((right) => !row.held.includes(right));
  const name = pg.escapeIdentifier(role);
  return [
    ...(excess.length === 0 ? [] : [`revoke ${excess.join(", ")} on ${row.table} from ${name}`]),
    ...(missing.length === 0 ? [] : [`grant ${missing.join(", ")} on ${row.table} to ${name}`]),
  ];
}
