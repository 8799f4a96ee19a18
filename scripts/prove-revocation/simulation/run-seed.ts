import { CHECK_AGE_MAX_MS } from "../../../gateway/authorize/standing.js";
import { stateOf } from "../../../schema/consent.js";
import { Random } from "../../market/random.js";
import { PromiseKeeper, type Violation } from "../promises.js";
import type { Memory } from "./cached-ledger.js";
import { Database } from "./database.js";
import { type FaultPlan, planFaults } from "./fault-plan.js";
import { Gateway, LEDGER_TIMEOUT_MS } from "./gateway.js";
import type { Contract } from "./inquiry-contract.js";
import { Link } from "./link.js";
import { type Door, Merchant } from "./merchant.js";
import type { Variant } from "./variants.js";
import { VirtualTime } from "./virtual-time.js";

/** Everything begins within this time, and has ended by the other. */
const HORIZON_MS = 800;
const END_MS = 9_000;
/** A release check waits at most for the statement on the wire and for its own; then it is good for 50 ms. */
const IN_FLIGHT_MAX_MS = 2 * LEDGER_TIMEOUT_MS + CHECK_AGE_MAX_MS;

const MERCHANTS = ["91990100MA0000A193", "92990100MA0000B234"] as const;

type Pair = readonly [bank: string, merchant: string];

/** What one seed showed. */
export interface SeedResult {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<SeedCount, number>>;
}

export const SEED_COUNTS = [
  "inquiries",
  "released",
  "refused",
  "unknown",
  "acknowledged",
  "hindered",
  "crashes",
  "reissued",
  "kills",
  "stops",
] as const;
export type SeedCount = (typeof SEED_COUNTS)[number];

/** Runs one variant under one seed. */
export async function runSeed(seed: number, variant: Variant, contract: Contract): Promise<SeedResult> {
  return new Simulation(seed, variant, contract).run();
}

class Simulation {
  readonly #time = new VirtualTime();
  readonly #random: Random;
  readonly #variant: Variant;
  readonly #contract: Contract;
  readonly #database: Database;
  readonly #keeper = new PromiseKeeper(IN_FLIGHT_MAX_MS);
  readonly #plan: FaultPlan;
  readonly #links: readonly Link[];
  readonly #gateways: Gateway[] = [];
  readonly #counts = Object.fromEntries(SEED_COUNTS.map((name) => [name, 0])) as Record<SeedCount, number>;
  readonly #pairs: Pair[] = [];
  #saved: Memory | undefined;

  constructor(seed: number, variant: Variant, contract: Contract) {
    this.#variant = variant;
    this.#contract = contract;
    this.#random = new Random(seed);
    this.#database = new Database(this.#time);
    const gateways = this.#random.chance(0.8) ? 2 : 3;
    this.#plan = planFaults(this.#random, gateways, HORIZON_MS);
    this.#links = this.#plan.outages.map((outages) => new Link(this.#time, this.#random, outages));
    for (let place = 0; place < gateways; place++) this.#start(place);
  }

  async run(): Promise<SeedResult> {
    const banks = this.#random.chance(0.8) ? ["bank-a"] : ["bank-a", "bank-b"];
    for (const merchant of MERCHANTS) for (const bank of banks) this.#pairs.push([bank, merchant]);
    for (const [bank, merchant] of this.#pairs) this.#liveOf(bank, merchant);
    for (let i = 0; i < 2; i++) {
      const merchants = this.#random.chance(0.7) ? [this.#random.pick(MERCHANTS)] : MERCHANTS;
      this.#time.after(this.#random.between(0, HORIZON_MS), () =>
        this.#ask(this.#anyPlace(), this.#random.chance(0.5) ? "bank-a" : (banks.at(-1) ?? ""), merchants),
      );
    }
    this.#faults();
    await this.#time.run(END_MS);
    return this.#judge();
  }

  #anyPlace(): number {
    return this.#random.below(this.#gateways.length);
  }

  #start(place: number): void {
    this.#gateways[place] = new Gateway({
      name: `gateway ${place}`,
      time: this.#time,
      random: this.#random,
      database: this.#database,
      link: this.#links[place] as Link,
      contract: this.#contract,
      variant: this.#variant,
      skewMs: this.#plan.skewsMs[place] ?? 0,
      warmStart: this.#saved,
    });
  }

  #door(): Door {
    const place = this.#anyPlace();
    return { gateway: this.#gateways[place] as Gateway, link: this.#links[place] as Link };
  }

  /** A pair lives: it is asked about before, around and right after its consent is closed. */
  #liveOf(bank: string, merchant: string): void {
    const random = this.#random;
    const pair = new Merchant(
      {
        time: this.#time,
        random,
        database: this.#database,
        variant: this.#variant,
        keeper: this.#keeper,
        door: () => this.#door(),
        onClosed: () => this.#askEverywhere([bank, merchant], { withinMs: 10, chance: 1 }),
      },
      bank,
      merchant,
    );
    pair.begin(random.chance(0.1) ? Math.ceil(random.between(40, HORIZON_MS)) : undefined);
    const revokeAtMs = this.#revokeAtMs();
    if (random.chance(0.2))
      this.#time.after(random.between(10, revokeAtMs / 2), () => void pair.pauseFor(random.between(5, 100)));
    this.#time.after(revokeAtMs - 20, () =>
      this.#askEverywhere([bank, merchant], { withinMs: 40, chance: 0.35 }),
    );
    if (random.chance(0.6)) this.#holdUp([bank, merchant], revokeAtMs + random.between(12, 45));
    this.#time.after(revokeAtMs, () => {
      this.#noise(6, 15, { committed: 0.7 });
      void pair.revoke().then(async () => {
        if (!random.chance(0.25)) return;
        await this.#time.sleep(random.between(1, 60));
        await pair.regrant();
        await this.#time.sleep(random.between(20, 200));
        await pair.revoke();
      });
    });
  }

  /** Replies that were on their way before a revocation come after it: soon, or when nobody waits for them any more. */
  #holdUp([bank, merchant]: Pair, untilMs: number): void {
    const timeouts = this.#random.pick([0, 0, 1, 2, 2]);
    const fromMs = untilMs - timeouts * LEDGER_TIMEOUT_MS - this.#random.between(5, timeouts === 0 ? 60 : 30);
    const place = this.#anyPlace();
    this.#links[place]?.add({ fromMs, untilMs, directions: ["reply"], loses: false });
    this.#time.after(fromMs + this.#random.between(0, 3), () => this.#ask(place, bank, [merchant]));
    if (timeouts > 1)
      this.#time.after(fromMs + this.#random.between(5, 200), () => this.#ask(place, bank, [merchant]));
  }

  /** Anywhere, or just when the database comes back from a crash. */
  #revokeAtMs(): number {
    const random = this.#random;
    const crashAtMs = this.#plan.crashesAtMs[random.below(2)];
    return crashAtMs !== undefined && random.chance(0.6)
      ? crashAtMs + random.between(1, 20)
      : random.between(60, HORIZON_MS - 200);
  }

  /** At each gateway, or at some. */
  #askEverywhere(
    [bank, merchant]: Pair,
    { withinMs, chance }: { readonly withinMs: number; readonly chance: number },
  ): void {
    for (let place = 0; place < this.#gateways.length; place++)
      if (this.#random.chance(chance))
        this.#time.after(this.#random.between(0, withinMs), () => this.#ask(place, bank, [merchant]));
  }

  #ask(place: number, bank: string, merchants: readonly string[]): void {
    const gateway = this.#gateways[place] as Gateway;
    const startedAt = this.#time.instant();
    const stoppedMs = gateway.machine.stoppedMs;
    this.#counts.inquiries += 1;
    gateway.machine.after(this.#random.between(0, 2), () => {
      void gateway.ask(bank, merchants).then((outcomes) => {
        const answeredAt = this.#time.instant();
        const standstillMs = gateway.machine.stoppedMs - stoppedMs;
        for (const { merchant, consentId, code } of outcomes) {
          if (consentId === undefined) this.#counts[code === "CONSENT_UNKNOWN" ? "unknown" : "refused"] += 1;
          else {
            const release = { gateway: gateway.name, merchant, consentId, startedAt, answeredAt };
            this.#keeper.answered(release, standstillMs);
            if (gateway.lastReplyAt < startedAt)
              this.#keeper.breaks("R3", `${gateway.name} released ${merchant} and had read no truth since`);
          }
        }
      });
    });
  }

  /** Other work of the same database: transaction ids and numbers of sequences move on. */
  #noise(transactions: number, withinMs: number, { committed }: { readonly committed: number }): void {
    for (let i = 0; i < transactions; i++) {
      this.#time.silently(this.#random.between(0, withinMs), () => {
        const transaction = this.#database.begin();
        this.#time.silently(this.#random.between(0.2, 6), () => {
          if (this.#random.chance(committed)) this.#database.commit(transaction, () => {});
          else this.#database.abort(transaction);
        });
      });
    }
  }

  #faults(): void {
    for (const atMs of this.#plan.crashesAtMs) {
      // Before the crash ids are given to transactions that leave no trace; after it they are given again.
      this.#time.silently(atMs - 30, () => this.#noise(16, 30, { committed: 0.05 }));
      this.#time.after(atMs, () => {
        this.#counts.crashes += 1;
        this.#database.crash();
      });
      this.#time.silently(atMs + 15, () => this.#noise(20, 60, { committed: 0.8 }));
      // What a warm start begins with: somebody saved a fresh memory a moment ago.
      this.#time.after(atMs - 20, () => {
        for (const pair of this.#pairs) this.#askEverywhere(pair, { withinMs: 12, chance: 0.5 });
      });
      this.#time.after(atMs - 0.1, () => {
        this.#saved = this.#gateways[this.#anyPlace()]?.memory() ?? this.#saved;
      });
    }
    for (const atMs of this.#plan.killsAtMs)
      this.#time.after(atMs, () => {
        this.#counts.kills += 1;
        const place = this.#anyPlace();
        this.#gateways[place]?.machine.kill();
        this.#start(place);
        for (const [bank, merchant] of this.#pairs)
          this.#time.after(this.#random.between(0, 20), () => this.#ask(place, bank, [merchant]));
      });
    for (const { atMs, durationMs } of this.#plan.stops)
      this.#time.after(atMs, () => {
        this.#counts.stops += 1;
        this.#gateways[this.#anyPlace()]?.machine.stopFor(durationMs);
      });
  }

  #judge(): SeedResult {
    for (const consentId of this.#keeper.revoked()) {
      const stored = this.#database.consent(consentId);
      const state =
        stored === undefined ? "gone" : stateOf({ ...stored, used: 0 }, new Date(this.#database.now()));
      if (state !== "REVOKED")
        this.#keeper.breaks("R4", `${consentId} was acknowledged as revoked and is ${state}`);
    }
    this.#counts.released = this.#keeper.released;
    this.#counts.acknowledged = this.#keeper.acknowledged;
    this.#counts.reissued = this.#database.reissued;
    this.#counts.hindered = this.#links.reduce((sum, { hindered }) => sum + hindered, 0);
    return { violations: this.#keeper.violations, counts: this.#counts };
  }
}
