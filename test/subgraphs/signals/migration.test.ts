import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateSchema } from "../../../foundation/postgres.js";
import { signalsMigrations } from "../../../subgraphs/signals/index.js";
import { publishAtRandom, reviewOf, SEED } from "./random-records.js";
import { openSignalsRoom, type SignalsRoom } from "./signals-room.js";

const TABLES = [
  "review_fact",
  "review_daily",
  "review_reply_sketch",
  "review_total",
  "review_prior",
  "review_text",
];

let room: SignalsRoom;
beforeAll(async () => {
  room = await openSignalsRoom();
  for (const platform of ["site-a", "site-b"]) {
    room.links.set(`${platform}/s-1`, "92990100MA0000B234");
    room.links.set(`${platform}/s-2`, "92990100MA0000B234");
    room.links.set(`${platform}/s-3`, "91990100MA0000A193");
  }
});
afterAll(async () => room.database.drop());

/** Every row; an empty count, which only history leaves, is left out. */
async function snapshot(): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows = await room.rows<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from signals.${table} t`,
    );
    tables[table] = rows
      .map(({ row }) => JSON.stringify(row, Object.keys(row).sort()))
      .filter((text) => !text.includes('"count":0'))
      .sort();
  }
  return tables;
}

/** Takes the schema back to what the first migration made of the same records. */
const UNDO = `begin;
create temporary table kept_daily on commit drop as select merchant_id, day, platform, sum(stars1) as stars1, sum(stars2) as stars2,
  sum(stars3) as stars3, sum(stars4) as stars4, sum(stars5) as stars5, sum(replied) as replied, sum(deleted) as deleted,
  sum(reply_seconds) as reply_seconds from signals.review_daily group by 1, 2, 3;
create temporary table kept_sketch on commit drop as
  select merchant_id, month, platform, bucket, sum(count) as count from signals.review_reply_sketch group by 1, 2, 3, 4;
truncate signals.review_daily, signals.review_reply_sketch;
alter table signals.review_daily drop constraint review_daily_pkey, drop column seller_id, add primary key (merchant_id, day, platform);
alter table signals.review_reply_sketch drop constraint review_reply_sketch_pkey, drop column seller_id,
  add primary key (merchant_id, month, platform, bucket);
insert into signals.review_daily select * from kept_daily;
insert into signals.review_reply_sketch select * from kept_sketch;
drop index signals.review_fact_listed;
alter table signals.review_fact drop column seller_id;
drop table signals.record_secret;
delete from signals.migration where name = '0002-accounts';
commit`;

describe(`The migration to accounts (seed ${SEED})`, () => {
  it("makes of older rollups what loading the same reviews today makes", async () => {
    await publishAtRandom(room, "review", reviewOf);
    const today = await snapshot();
    await room.rows(UNDO);
    expect(await migrateSchema(room.postgres, "signals", signalsMigrations)).toEqual(["0002-accounts"]);
    const migrated = await snapshot();
    for (const table of TABLES) {
      expect(today[table]?.length, table).toBeGreaterThan(0);
      expect(migrated[table], table).toEqual(today[table]);
    }
  });
});
