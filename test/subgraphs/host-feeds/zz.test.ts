import { it } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import { openLedger, order } from "./ledger.js";
it("bench", async () => {
  const database = await createTestDatabase();
  const marks: [number, string][] = [];
  const ledger = await openLedger(database.open({ onStatement: (t) => marks.push([performance.now(), t.trim().slice(0, 60).replaceAll("\n", " ")]) }));
  for (const [n, label] of [[1000, "warm"], [100000, "fresh"]] as const) {
    const recs = Array.from({ length: n }, (_, i) => order(`o-${i}`, { buyerId: `b-${i % 997}`, paidAt: "2024-03-01T00:10:00Z", region: "Shanghai", sellerId: i % 2 ? "A1" : "B2" }));
    const lines = recs.map((r) => JSON.stringify(r) + "\n");
    async function* body() { for (let i = 0; i < n; i += 500) yield Buffer.from(lines.slice(i, i + 500).join("")); }
    marks.length = 0;
    const c0 = process.cpuUsage();
    const t = performance.now();
    await ledger.intake.publish({ platform: "p", kind: "order", idempotencyKey: label, body: body() });
    const end = performance.now(); const cpu = process.cpuUsage(c0);
    console.log(label, Math.round(end - t), "node cpu ms", Math.round((cpu.user + cpu.system) / 1000));
    marks.push([end, "end"]);
    for (let i = 0; i + 1 < marks.length; i++) console.log("STAGE", Math.round(marks[i + 1]![0] - marks[i]![0]), marks[i]![1]);
  }
  await database.drop();
}, 120000);
