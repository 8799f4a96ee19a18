import { it } from "vitest";
import { openSignalsBench } from "./signals-bench.js";
it("x", async () => {
  const bench = await openSignalsBench();
  bench.links.set("site-t/s-1", "92990100MA0000B234");
  const p = bench.publish("site-t", "review", [{ reviewId: "t/1", sellerId: "s-1", rating: 4, createdAt: "2026-03-01T00:00:00Z" }]);
  p.then((r)=>console.log(r),(e)=>console.log(e, e.cause));
  await new Promise((r)=>setTimeout(r,4000));
  console.log(await bench.rows("select pid, state, wait_event_type, wait_event, left(query,200) q, now()-query_start d from pg_stat_activity where datname=current_database()"));
  await bench.database.drop();
}, 20000);
