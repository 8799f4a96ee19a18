import type { Random } from "../../market/random.js";
import type { PromiseKeeper } from "../promises.js";
import type { Database, Transaction } from "./database.js";
import type { Gateway } from "./gateway.js";
import { termsOf } from "./inquiry-contract.js";
import type { Link } from "./link.js";
import type { Variant } from "./variants.js";
import type { Machine, VirtualTime } from "./virtual-time.js";

const PATIENCE_MS = 400;
const TRIES_MAX = 12;

/** Where a merchant's request may go: a gateway and its way to the database. */
export interface Door {
  readonly gateway: Gateway;
  readonly link: Link;
}

export interface MerchantParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly database: Database;
  readonly variant: Variant;
  readonly keeper: PromiseKeeper;
  /** One of the gateways that live now. */
  readonly door: () => Door;
  /** Told when the merchant has read an acknowledgement, and when a consent ends by itself. */
  readonly onClosed: (bank: string, merchant: string) => void;
}

/** One merchant's consents for one bank: granted, paused, revoked, granted anew; each change is tried until it is acknowledged. */
export class Merchant {
  readonly #parts: MerchantParts;
  readonly #bank: string;
  readonly #merchant: string;
  #generation = 0;

  constructor(parts: MerchantParts, bank: string, merchant: string) {
    this.#parts = parts;
    this.#bank = bank;
    this.#merchant = merchant;
  }

  #consentId(): string {
    return `${this.#merchant}-${this.#bank}-${this.#generation}`;
  }

  /** The first consent, there from the start; it may end by itself, at a whole millisecond of the database's clock. */
  begin(expiresAtMs?: number): void {
    this.#write((transaction) => this.#grant(transaction, expiresAtMs), this.#parts.database.begin());
    if (expiresAtMs === undefined) return;
    const consentId = this.#consentId();
    this.#parts.time.after(expiresAtMs, () => {
      this.#parts.keeper.closedAt(consentId, "EXPIRED", this.#parts.time.instant());
      this.#parts.onClosed(this.#bank, this.#merchant);
    });
  }

  /** Grants again, under a new id. */
  async regrant(): Promise<void> {
    this.#generation += 1;
    await this.#insist((transaction) => this.#grant(transaction), "GRANTED");
  }

  async revoke(): Promise<void> {
    const consentId = this.#consentId();
    if (await this.#insist((transaction) => this.#append(consentId, "REVOKED", transaction), "REVOKED")) {
      this.#parts.keeper.closedAt(consentId, "REVOKED", this.#parts.time.instant());
      this.#parts.onClosed(this.#bank, this.#merchant);
    }
  }

  /** Pauses, and after a while resumes. */
  async pauseFor(durationMs: number): Promise<void> {
    const consentId = this.#consentId();
    const { keeper, time } = this.#parts;
    if (!(await this.#insist((transaction) => this.#append(consentId, "PAUSED", transaction), "PAUSED")))
      return;
    keeper.closedAt(consentId, "PAUSED", time.instant());
    this.#parts.onClosed(this.#bank, this.#merchant);
    await time.sleep(durationMs);
    keeper.opensAt(consentId, time.instant());
    await this.#insist((transaction) => this.#append(consentId, "RESUMED", transaction), "RESUMED");
  }

  #grant(transaction: Transaction, expiresAtMs?: number): void {
    const { database } = this.#parts;
    // A repeated grant after a lost acknowledgement.
    if (database.consent(this.#consentId()) === undefined)
      database.grant(
        termsOf(this.#consentId(), { bank: this.#bank, merchant: this.#merchant, expiresAtMs }),
        transaction,
      );
  }

  #append(consentId: string, kind: "REVOKED" | "PAUSED" | "RESUMED", transaction: Transaction): void {
    const { database } = this.#parts;
    const last = database.consent(consentId)?.events.at(-1)?.kind;
    // As the ledger's own guard: nothing follows a revocation, and a retry changes nothing.
    if (last === undefined || last === "REVOKED" || last === kind) return;
    database.append(consentId, kind, transaction);
  }

  #write(change: (transaction: Transaction) => void, transaction: Transaction): boolean {
    return this.#parts.database.commit(transaction, () => change(transaction));
  }

  /** Tries at one gateway after the other until one acknowledges; false when the merchant gave up. */
  async #insist(change: (transaction: Transaction) => void, kind: string): Promise<boolean> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const isAcked = await this.#ask(change, kind);
      if (isAcked) return true;
      await this.#parts.time.sleep(this.#parts.random.between(1, 20));
    }
    return false;
  }

  /** One request. False when no acknowledgement came in time; the change may have happened all the same. */
  #ask(change: (transaction: Transaction) => void, kind: string): Promise<boolean> {
    const { time, random, variant } = this.#parts;
    return new Promise((resolve) => {
      const giveUp = time.after(PATIENCE_MS, () => resolve(false));
      const answer = (): void => {
        time.after(random.between(0.2, 3), () => {
          giveUp();
          resolve(true);
        });
      };
      const { gateway, link } = this.#parts.door();
      gateway.machine.after(random.between(0.2, 3), () => {
        const isEarly = variant.defect === "earlyAck" && kind !== "GRANTED" && kind !== "RESUMED";
        if (isEarly) answer();
        void this.#transact(gateway.machine, link, change).then((committed) => {
          if (committed && !isEarly) answer();
        });
      });
    });
  }

  /** One transaction over a connection of its own; resolves to true when the gateway has read COMMIT. */
  #transact(machine: Machine, link: Link, change: (transaction: Transaction) => void): Promise<boolean> {
    const { time, random, database } = this.#parts;
    return new Promise((resolve) => {
      const thereMs = link.delayMs("request");
      if (thereMs === undefined) return;
      time.silently(thereMs, () => {
        const transaction = database.begin();
        // Locks, the audit entry, the flush of the log: others begin and commit meanwhile.
        time.silently(random.between(0.5, random.chance(0.2) ? 60 : 8), () => {
          const isCommitted = this.#write(change, transaction);
          const backMs = link.delayMs("reply");
          if (backMs !== undefined) machine.after(backMs, () => resolve(isCommitted));
        });
      });
    });
  }
}
