import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError } from "../../foundation/config.js";
import { prepareDatabase, type SchemaMigrations } from "../../foundation/postgres/prepare-database.js";
import { SUBGRAPH_SCHEMAS } from "../../subgraphs/index.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";

const REFUSED = "42501";

let database: TestDatabase;
let owner: pg.Pool;
let application: pg.Pool;
let guarded: readonly string[];
/** A statement for each guarded table that would change every row of it. */
const update = (table: string): string =>
  `update ${table} set ${table.endsWith("ended_credential") ? "id = id" : "merchant_id = merchant_id"}`;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = database.open().pool;
  application = database.open({ as: "application" }).pool;
  expect((await prepare()).powers).toEqual([]);
  const { rows } = await owner.query<{ table: string }>(
    `select distinct format('%I.%I', n.nspname, c.relname) as table from pg_trigger t
      join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_proc p on p.oid = t.tgfoid where p.proname = 'refuse_change' order by 1`,
  );
  guarded = rows.map(({ table }) => table);
});
afterAll(() => database.drop());

function prepare(schemas: SchemaMigrations = SUBGRAPH_SCHEMAS) {
  return prepareDatabase(
    {
      connectionString: database.applicationConnectionString ?? "",
      ownerConnectionString: database.connectionString,
    },
    schemas,
  );
}

const stateOf = (pool: pg.Pool, text: string): Promise<string> =>
  pool.query(text).then(
    () => "done",
    (error: { code?: string }) => error.code ?? "none",
  );

const problemsOf = (work: Promise<unknown>): Promise<readonly string[]> =>
  work.then(
    () => [],
    (error: unknown) => (error instanceof ConfigError ? error.problems : [String(error)]),
  );

describe("the application's role", () => {
  test("finds every table of the record among the guarded ones", () => {
    expect(guarded).toEqual([
      "consents.consent",
      "consents.consent_event",
      "consents.consent_grant",
      "consents.consent_request",
      "consents.consent_request_event",
      "consents.ended_credential",
      "consents.signatory_approval",
      "consents.signatory_list",
      "consents.usage",
      "inquiries.entry",
      "merchants.feed_record",
      "signals.feed_record",
      "transactions.feed_record",
    ]);
  });

  test("may read and add, and has no way to change, empty or reshape what is guarded", async () => {
    for (const table of guarded) {
      const name = table.split(".")[1];
      expect(await stateOf(application, `select from ${table} limit 1`), table).toBe("done");
      const attempts = [
        `delete from ${table}`,
        `truncate ${table}`,
        `truncate ${table} cascade`,
        `drop table ${table}`,
        `drop table ${table} cascade`,
        `alter table ${table} disable trigger all`,
        `alter table ${table} disable trigger user`,
        `alter table ${table} add column extra int`,
        `alter table ${table} rename to ${name}_old`,
        `alter table ${table} owner to current_user`,
        `alter table ${table} disable row level security`,
        `create trigger mine before insert on ${table} for each row execute function pg_catalog.suppress_redundant_updates_trigger()`,
        `create rule mine as on insert to ${table} do instead nothing`,
        `create index mine on ${table} ((1))`,
        `lock table ${table} in access exclusive mode`,
        ...(name === "usage" ? [] : [update(table)]),
      ];
      for (const attempt of attempts)
        expect(await stateOf(application, `begin; ${attempt}; rollback`), attempt).toBe(
          // Whoever may count a use may lock the table that it is counted in.
          name === "usage" && attempt.startsWith("lock") ? "done" : REFUSED,
        );
      // Giving away what one may not give is a warning; the next start would find it if it had worked.
      expect(await stateOf(application, `grant all on ${table} to public`)).toBe("done");
    }
    expect((await prepare()).powers).toEqual([]);
  });

  test("may count uses up, never down, and never take one away", async () => {
    const insert = `insert into consents.usage values ('m', gen_random_uuid(), '2020-01-01', 2, 3)`;
    expect(await stateOf(application, insert)).toBe("done");
    expect(await stateOf(application, "update consents.usage set used = 3")).toBe("done");
    expect(await stateOf(application, "update consents.usage set used = 1")).toBe("23001");
    expect(await stateOf(application, "delete from consents.usage")).toBe(REFUSED);
    expect(await stateOf(owner, "delete from consents.usage")).toBe("23001");
  });

  test("cannot become the owner, silence triggers or give itself rights", async () => {
    const self = await application.query<{ role: string; owner: string }>(
      "select current_user as role, (select tableowner from pg_tables where schemaname = 'consents' limit 1) as owner",
    );
    const { role, owner: boss } = self.rows[0] ?? { role: "", owner: "" };
    expect(role).not.toBe(boss);
    for (const attempt of [
      `set role ${boss}`,
      `set session authorization ${boss}`,
      "set session_replication_role = replica",
      "set local session_replication_role = replica",
      "select set_config('session_replication_role', 'replica', false)",
      `grant ${boss} to ${role}`,
      `alter role ${role} superuser`,
      `alter role ${role} createrole`,
      "create role another superuser",
      "alter system set session_replication_role = replica",
      `alter database ${await databaseName()} set session_replication_role = replica`,
      "create schema mine",
      "create table consents.mine (a int)",
      "create extension dblink",
      "alter function consents.refuse_change() rename to gone",
      "drop function consents.refuse_change() cascade",
      "create or replace function consents.refuse_change() returns trigger language plpgsql as 'begin return null; end'",
      "alter schema consents rename to gone",
      "drop schema consents cascade",
      "copy consents.consent from program 'true'",
      "select pg_read_file('/etc/hostname')",
      "update consents.migration set name = name",
      "insert into consents.migration_lock values ('x', 0)",
      "reassign owned by current_user to current_user; update pg_catalog.pg_trigger set tgenabled = 'D'",
      "update pg_catalog.pg_class set relowner = relowner",
    ])
      expect(await stateOf(application, attempt), attempt).toBe(REFUSED);
  });

  test("cannot hide a function of its own before the guards'", async () => {
    const client = await application.connect();
    try {
      await client.query(
        "create temporary table consent_event (merchant_id text, consent_id uuid, seq int, kind text)",
      );
      await client.query("set search_path = pg_temp, pg_catalog");
      const insert = `insert into consents.consent_event (merchant_id, consent_id, seq, kind, at, actor)
        values ('nobody', gen_random_uuid(), 1, 'GRANTED', now(), 'x')`;
      await expect(client.query(insert)).rejects.toMatchObject({ code: "23503" });
    } finally {
      client.release(true);
    }
  });
});

describe("preparing a database", () => {
  test("takes back what the application should not have, and refuses what came by way of PUBLIC", async () => {
    const { rows } = await application.query<{ role: string }>("select current_user as role");
    await owner.query(`grant delete on consents.consent_event to ${rows[0]?.role}`);
    await prepare();
    expect(await stateOf(application, "delete from consents.consent_event")).toBe(REFUSED);
    await owner.query("grant delete on consents.consent_event to public");
    await expect(prepare()).rejects.toThrow(/consents\.consent_event/);
    await owner.query("revoke delete on consents.consent_event from public");
    await prepare();
  });

  test("at many starts at once ends well in all of them", async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => prepare()));
    expect(outcomes.map(({ powers }) => powers)).toEqual([[], [], [], []]);
  });

  test("refuses to start beside an owner when the application's role could undo the guards", async () => {
    const roles = {
      connectionString: database.connectionString,
      ownerConnectionString: database.connectionString,
    };
    const problems = await problemsOf(prepareDatabase(roles, SUBGRAPH_SCHEMAS));
    expect(problems).toContain("the application's database role must not: it is a superuser");
    expect(problems).toContain(
      "the application's database role must not: it may set session_replication_role, which silences triggers",
    );
  });

  test("goes on with one role that does everything, and says what it could do", async () => {
    const { powers } = await prepareDatabase(
      { connectionString: database.connectionString },
      SUBGRAPH_SCHEMAS,
    );
    expect(powers).toContain("it owns tables, or is a member of the role that owns them");
    for (const table of guarded.filter((name) => name !== "consents.usage"))
      expect(await stateOf(owner, update(table)), table).toBe("23001");
  });

  test("is the work of an owner that need be no superuser", async () => {
    const names = ["owner", "app", "db"].map((part) => `roles_${part}_${randomBytes(6).toString("hex")}`);
    const [boss = "", user = "", name = ""] = names;
    for (const text of [
      `create role ${boss} login`,
      `create role ${user} login`,
      `create database ${name} owner ${boss}`,
    ])
      await owner.query(text);
    const as = (role: string): string => {
      const address = new URL(database.connectionString);
      address.pathname = `/${name}`;
      address.searchParams.set("user", role);
      return address.href;
    };
    try {
      const roles = { connectionString: as(user), ownerConnectionString: as(boss) };
      const { applied, powers } = await prepareDatabase(roles, SUBGRAPH_SCHEMAS);
      expect(applied).toContain("consents/0002-credentials");
      expect(powers).toEqual([]);
      await owner.query(`grant ${boss} to ${user}`);
      expect(await problemsOf(prepareDatabase(roles, SUBGRAPH_SCHEMAS))).toContain(
        "the application's database role must not: it owns tables, or is a member of the role that owns them",
      );
      const alone = await prepareDatabase({ connectionString: as(boss) }, SUBGRAPH_SCHEMAS);
      expect(alone.powers).toEqual([
        "it may create schemas",
        "it owns tables, or is a member of the role that owns them",
        "it may create tables beside the bureau's",
      ]);
    } finally {
      for (const text of [`drop database ${name} with (force)`, `drop role ${user}`, `drop role ${boss}`])
        await owner.query(text);
    }
  });

  test("lets a mere application role start on a database that is up to date, and on no other", async () => {
    const mere = { connectionString: database.applicationConnectionString ?? "" };
    expect(await prepareDatabase(mere, SUBGRAPH_SCHEMAS)).toEqual({ applied: [], powers: [] });
    const newer = { ...SUBGRAPH_SCHEMAS, later: { "0001-initial": { up: async () => {} } } };
    expect(await problemsOf(prepareDatabase(mere, newer))).toEqual([
      "the application's database role may not migrate, and the database lacks later/0001-initial: let its owner migrate",
    ]);
  });

  test("gives the application rights to the tables of a later migration, guarded or not", async () => {
    const later: SchemaMigrations = {
      ...SUBGRAPH_SCHEMAS,
      merchants: {
        ...SUBGRAPH_SCHEMAS["merchants"],
        "9999-later": {
          up: async (db) => {
            await sql`create table merchants.free (n int)`.execute(db);
            await sql`create table merchants.kept (n int)`.execute(db);
            await sql`create trigger t before update or delete or truncate on merchants.kept
              for each statement execute function merchants.refuse_change()`.execute(db);
          },
        },
      },
    };
    expect((await prepare(later)).applied).toEqual(["merchants/9999-later"]);
    expect(await stateOf(application, "insert into merchants.free values (1)")).toBe("done");
    expect(await stateOf(application, "update merchants.free set n = 2")).toBe("done");
    expect(await stateOf(application, "delete from merchants.free")).toBe("done");
    expect(await stateOf(application, "truncate merchants.free")).toBe(REFUSED);
    expect(await stateOf(application, "insert into merchants.kept values (1)")).toBe("done");
    expect(await stateOf(application, "update merchants.kept set n = 2")).toBe(REFUSED);
    expect(await stateOf(application, "delete from merchants.kept")).toBe(REFUSED);
  });
});

async function databaseName(): Promise<string> {
  return (await owner.query<{ name: string }>("select current_database() as name")).rows[0]?.name ?? "";
}
