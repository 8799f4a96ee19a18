import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLane } from "../../foundation/postgres/lane.js";
import type { Postgres } from "../../foundation/postgres.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";

let database: TestDatabase;
let postgres: Postgres;
let admin: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  postgres = database.open({ poolMax: 1 });
  admin = database.open({ poolMax: 1 });
});
afterAll(() => database.drop());

const pidOf = async (pool = postgres.pool) =>
  (await pool.query("select pg_backend_pid() as pid")).rows[0].pid as number;

describe("a lane", () => {
  test("gives a good connection back to the pool, and destroys one on which anything failed", async () => {
    const lane = createLane(postgres.pool);
    const first = await pidOf();
    await lane.run((client) => client.query("select 1"));
    expect(await pidOf()).toBe(first);
    await expect(lane.run((client) => client.query("select 1 / 0"))).rejects.toMatchObject({ code: "22012" });
    expect(await pidOf()).not.toBe(first);
  });

  test("that is cut rejects what is on the wire at once and never uses that connection again", async () => {
    const lane = createLane(postgres.pool);
    const before = await pidOf();
    const slow = lane.run((client) => client.query("select pg_sleep(20)"));
    const outcome = slow.then(
      () => "done",
      () => "rejected",
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    const started = performance.now();
    lane.cut();
    expect(await outcome).toBe("rejected");
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await pidOf()).not.toBe(before);
    expect((await lane.run((client) => client.query("select 7 as n"))).rows).toEqual([{ n: 7 }]);
  });

  test("does not use a connection that it got after it was cut", async () => {
    const lane = createLane(postgres.pool);
    const held = await postgres.pool.connect();
    let used = false;
    const waiting = lane
      .run(async () => void (used = true))
      .then(
        () => "done",
        () => "rejected",
      );
    lane.cut();
    held.release();
    expect(await waiting).toBe("rejected");
    expect(used).toBe(false);
  });

  test("survives a connection that dies between two statements", async () => {
    const lane = createLane(postgres.pool);
    const work = lane.run(async (client) => {
      const pid = (await client.query("select pg_backend_pid() as pid")).rows[0].pid as number;
      await admin.pool.query("select pg_terminate_backend($1)", [pid]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return client.query("select 1");
    });
    await expect(work).rejects.toThrow(/connection|terminat|queryable/i);
    expect((await lane.run((client) => client.query("select 7 as n"))).rows).toEqual([{ n: 7 }]);
  });
});
