import { describe, expect, it } from "vitest";
import { Database } from "../../../scripts/prove-revocation/simulation/database.js";
import { readContract } from "../../../scripts/prove-revocation/simulation/inquiry-contract.js";
import { runSeed } from "../../../scripts/prove-revocation/simulation/run-seed.js";
import { VARIANTS } from "../../../scripts/prove-revocation/simulation/variants.js";
import { Machine, VirtualTime } from "../../../scripts/prove-revocation/simulation/virtual-time.js";

describe("virtual time", () => {
  it("lets events happen in the order of their instants, and follows each to its end before the next", async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    for (const ms of [30, 10, 20, 10])
      time.after(ms, () => {
        seen.push(`${time.nowMs}`);
        void Promise.resolve().then(() => seen.push(`${time.nowMs} settled`));
      });
    const cancel = time.after(15, () => seen.push("cancelled"));
    cancel();
    await time.run(25);
    expect(seen).toEqual(["10", "10 settled", "10", "10 settled", "20", "20 settled"]);
    expect(time.nowMs).toBe(25);
  });

  it("tells instants apart that fall into one millisecond", () => {
    const time = new VirtualTime();
    expect(time.instant()).toBeLessThan(time.instant());
  });

  it("keeps from a stopped process what reaches it until it goes on, and from a dead one for ever", async () => {
    const time = new VirtualTime();
    const [stopped, dead] = [new Machine(time), new Machine(time)];
    const seen: string[] = [];
    stopped.after(10, () => seen.push(`stopped ${time.nowMs}`));
    dead.after(10, () => seen.push("dead"));
    time.after(5, () => {
      stopped.stopFor(100);
      dead.kill();
    });
    await time.run(500);
    expect(seen).toEqual(["stopped 105"]);
    expect(stopped.stoppedMs).toBe(100);
  });
});

describe("the simulated database", () => {
  it("issues transaction ids again after a crash, and loses what was not committed", () => {
    const database = new Database(new VirtualTime());
    database.commit(database.begin(), () => {});
    const lost = database.begin();
    const watermark = database.begin().xid + 1;
    database.crash();
    expect(database.commit(lost, () => expect.unreachable())).toBe(false);
    const again = database.begin();
    expect(again.xid).toBe(lost.xid);
    expect(again.xid).toBeLessThan(watermark);
    expect(again.sequence).toBeGreaterThan(lost.sequence);
    expect(database.reissued).toBe(1);
  });

  it("names the oldest open transaction as the horizon of a snapshot", () => {
    const database = new Database(new VirtualTime());
    const [first, second] = [database.begin(), database.begin()];
    database.commit(second, () => {});
    expect(database.xmin()).toBe(first.xid);
    database.abort(first);
    expect(database.xmin()).toBe(second.xid + 1);
  });
});

describe("a simulated history", () => {
  it("is the same each time for one seed, and another one for another", async () => {
    const contract = await readContract();
    for (const variant of VARIANTS) {
      const [once, twice] = [await runSeed(7, variant, contract), await runSeed(7, variant, contract)];
      expect(once, variant.name).toEqual(twice);
      expect((await runSeed(8, variant, contract)).counts).not.toEqual(once.counts);
    }
  });
});
