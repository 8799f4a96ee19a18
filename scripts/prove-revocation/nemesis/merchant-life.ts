import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../market/random.js";
import type { PromiseKeeper } from "../promises.js";
import type { Fleet } from "./fleet.js";
import type { NewState, Parties } from "./parties.js";
import { legalNameOf } from "./stage.js";

/** What the parties did and got. */
export interface LoadCounts {
  inquiries: number;
  released: number;
  refused: number;
  unknown: number;
  /** No whole answer: the gateway was killed, stopped or cut off. */
  lost: number;
  grants: number;
  revokes: number;
  pauses: number;
}

export const NOTHING_YET: Readonly<LoadCounts> = {
  inquiries: 0,
  released: 0,
  refused: 0,
  unknown: 0,
  lost: 0,
  grants: 0,
  revokes: 0,
  pauses: 0,
};

export interface LifeParts {
  readonly fleet: Fleet;
  readonly parties: Parties;
  readonly keeper: PromiseKeeper;
  readonly counts: LoadCounts;
  readonly random: Random;
  /** Aborted when no new change shall begin. */
  readonly signal: AbortSignal;
}

/** One merchant: it grants to a bank, pauses, resumes, revokes, and grants anew, while that bank asks at every gateway. */
export class MerchantLife {
  readonly #parts: LifeParts;
  readonly #merchant: string;
  readonly #inquiries = new Set<Promise<void>>();

  constructor(parts: LifeParts, merchant: string) {
    this.#parts = parts;
    this.#merchant = merchant;
  }

  async run(): Promise<void> {
    const { signal, random } = this.#parts;
    for (let turn = 0; !signal.aborted; turn++) {
      // Every second consent is for a bank that had one before: a new id must not give life to the old one.
      const bank = `bank-${this.#merchant.slice(-4)}-${Math.floor(turn / 2)}`;
      const consentId = await this.#parts.parties.grant(this.#anyGateway(), this.#merchant, bank);
      if (consentId === undefined) continue;
      this.#parts.counts.grants += 1;
      this.#ask(random.below(2), bank, random.between(0, 40));
      if (random.chance(0.25)) await this.#pause(bank, consentId);
      await this.#revoke(bank, consentId);
      await delay(random.between(5, 80));
    }
    await Promise.all(this.#inquiries);
  }

  async #pause(bank: string, consentId: string): Promise<void> {
    const { keeper, random } = this.#parts;
    await delay(random.between(5, 40));
    const pausedAt = await this.#insist(consentId, "PAUSED");
    if (pausedAt === undefined) return;
    keeper.closedAt(consentId, "PAUSED", pausedAt);
    this.#parts.counts.pauses += 1;
    this.#askEverywhere(bank, 0);
    await delay(random.between(5, 60));
    keeper.opensAt(consentId, performance.now());
    await this.#insist(consentId, "ACTIVE");
  }

  /** Asked about until it is closed, and at once when it is. */
  async #revoke(bank: string, consentId: string): Promise<void> {
    const { keeper, random } = this.#parts;
    this.#askEverywhere(bank, random.between(0, 40));
    await delay(random.between(10, 50));
    const revokedAt = await this.#insist(consentId, "REVOKED");
    if (revokedAt === undefined) return;
    keeper.closedAt(consentId, "REVOKED", revokedAt);
    this.#parts.counts.revokes += 1;
    this.#askEverywhere(bank, 0);
    this.#ask(random.below(2), bank, random.between(1, 60));
  }

  /** Tries at one gateway after the other until one acknowledges. */
  async #insist(consentId: string, to: NewState): Promise<number | undefined> {
    const { parties, signal } = this.#parts;
    for (let tries = 0; tries < 20; tries++) {
      const ackedAt = await parties.change(this.#anyGateway(), this.#merchant, { consentId, to });
      if (ackedAt !== undefined) return ackedAt;
      // A run that is over waits for one more try only.
      if (signal.aborted && tries > 0) return undefined;
      await delay(20);
    }
    return undefined;
  }

  #anyGateway() {
    const { fleet, random } = this.#parts;
    return fleet.at(random.below(fleet.size));
  }

  #askEverywhere(bank: string, withinMs: number): void {
    for (let place = 0; place < this.#parts.fleet.size; place++) this.#ask(place, bank, withinMs);
  }

  #ask(place: number, bank: string, inMs: number): void {
    const inquiry = delay(inMs).then(() => this.#inquire(place, bank));
    this.#inquiries.add(inquiry);
    void inquiry.finally(() => this.#inquiries.delete(inquiry));
  }

  async #inquire(place: number, bank: string): Promise<void> {
    const { fleet, parties, keeper, counts } = this.#parts;
    const gateway = fleet.at(place);
    const silence = gateway.proxy.silence;
    const startedAt = performance.now();
    counts.inquiries += 1;
    const outcome = await parties.inquire(gateway, bank, this.#merchant);
    const answeredAt = performance.now();
    counts[outcome.kind] += 1;
    if (outcome.kind !== "released") return;
    const { consentId, legalName } = outcome;
    if (legalName !== legalNameOf(this.#merchant) || consentId === "none")
      keeper.breaks(
        "R1",
        `${gateway.name} was asked about ${this.#merchant} and told of ${legalName} under ${consentId}`,
      );
    keeper.answered({ gateway: gateway.name, merchant: this.#merchant, consentId, startedAt, answeredAt });
    if (silence !== undefined && silence === gateway.proxy.silence)
      keeper.breaks("R3", `${gateway.name} released ${this.#merchant} while it could not hear the truth`);
  }
}
