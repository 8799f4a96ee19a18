import type { ConsentEvent, ConsentEventKind, ConsentTerms } from "../../../schema/consent-terms.js";
import type { VirtualTime } from "./virtual-time.js";

/** 2026-06-01T00:00:00Z: the database's clock at the start of every simulation. */
export const EPOCH_MS = 1_780_272_000_000;

/** A consent as its table holds it, with the marks that a cache could watch. */
export interface StoredConsent {
  readonly terms: ConsentTerms;
  readonly events: readonly ConsentEvent[];
  /** The transaction that wrote it last. */
  readonly xid: number;
  /** The number that transaction drew from a sequence when it began. */
  readonly sequence: number;
  readonly used: number;
}

/** A transaction that has written: it has an id, which others can see as unfinished. */
export interface Transaction {
  readonly xid: number;
  readonly sequence: number;
  readonly generation: number;
}

/**
 * PostgreSQL in miniature: a commit is atomic and durable, a statement sees one snapshot, and a crash takes with it what
 * was not committed, and the memory of the transaction ids it was given: they are issued again, as PostgreSQL does.
 */
export class Database {
  /** Counts crashes; a connection belongs to one generation. */
  generation = 0;
  /** How often a transaction id was issued a second time. */
  reissued = 0;
  /** Told of a crash, before anything else happens. */
  readonly onCrash = new Set<() => void>();
  readonly #time: VirtualTime;
  readonly #consents = new Map<string, StoredConsent>();
  readonly #open = new Map<number, Transaction>();
  #nextXid = 1_000;
  #highestXid = 999;
  #durableXid = 999;
  #sequence = 0;
  #visibleSequence = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The database's own clock. */
  now(): Date {
    return new Date(EPOCH_MS + Math.floor(this.#time.nowMs));
  }

  consents(): Iterable<StoredConsent> {
    return this.#consents.values();
  }

  consent(consentId: string): StoredConsent | undefined {
    return this.#consents.get(consentId);
  }

  /** The consents of a pair, by the name that the ledger gives it: the merchant, a space, the bank. */
  consentsOf(pair: string): readonly StoredConsent[] {
    return [...this.#consents.values()].filter(({ terms }) => `${terms.merchant} ${terms.bank}` === pair);
  }

  begin(): Transaction {
    const xid = this.#nextXid++;
    if (xid <= this.#highestXid) this.reissued += 1;
    this.#highestXid = Math.max(this.#highestXid, xid);
    // A sequence is never rolled back, not even by a crash.
    const transaction = { xid, sequence: ++this.#sequence, generation: this.generation };
    this.#open.set(xid, transaction);
    return transaction;
  }

  /** Makes the writes of a transaction durable and visible at once; false when a crash took the transaction away. */
  commit(transaction: Transaction, write: () => void): boolean {
    if (this.#open.get(transaction.xid) !== transaction) return false;
    write();
    this.#open.delete(transaction.xid);
    this.#durableXid = Math.max(this.#durableXid, transaction.xid);
    this.#visibleSequence = Math.max(this.#visibleSequence, transaction.sequence);
    return true;
  }

  /** What an aborted transaction leaves in the log is not flushed: after a crash nobody knows of its id. */
  abort(transaction: Transaction): void {
    if (this.#open.get(transaction.xid) === transaction) this.#open.delete(transaction.xid);
  }

  grant(terms: ConsentTerms, { xid, sequence }: Transaction): void {
    const events: ConsentEvent[] = [{ kind: "GRANTED", at: new Date(Date.parse(terms.startsAt)) }];
    this.#consents.set(terms.consentId, { terms, events, xid, sequence, used: 0 });
  }

  append(consentId: string, kind: ConsentEventKind, { xid, sequence }: Transaction): void {
    const stored = this.#consents.get(consentId);
    if (stored === undefined) throw new Error(`an event of no consent: ${consentId}`);
    const events = [...stored.events, { kind, at: this.now() }];
    this.#consents.set(consentId, { ...stored, events, xid, sequence });
  }

  /** Counts uses, or none of them where fewer are left; the new total, or `undefined`. */
  use(consentId: string, taken: number): number | undefined {
    const stored = this.#consents.get(consentId);
    if (stored === undefined || stored.used + taken > stored.terms.frequency.count) return undefined;
    this.#consents.set(consentId, { ...stored, used: stored.used + taken });
    return stored.used + taken;
  }

  /** `pg_snapshot_xmin(pg_current_snapshot())`: every transaction below it has ended. */
  xmin(): number {
    let xmin = this.#nextXid;
    for (const xid of this.#open.keys()) xmin = Math.min(xmin, xid);
    return xmin;
  }

  /** The highest number of the sequence that a statement can see in any table. */
  visibleSequence(): number {
    return this.#visibleSequence;
  }

  /** SIGKILL of a backend: the server restarts all of them and recovers from its log. */
  crash(): void {
    this.generation += 1;
    this.#open.clear();
    this.#nextXid = this.#durableXid + 1;
    for (const tell of this.onCrash) tell();
  }
}
