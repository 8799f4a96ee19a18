import type { Timers } from "../../../foundation/clock.js";
import { createCoalescer } from "../../../foundation/coalescer.js";
import { createLane, type Lane } from "../../../foundation/postgres/lane.js";
import type { Postgres } from "../../../foundation/postgres.js";
import type { LedgerConsent } from "../../../schema/consent-terms.js";
import { BureauError } from "../../../schema/errors.js";
import type { ConsentLedger, ConsentQuestion, ConsentSnapshot } from "../../../schema/ports.js";
import type { StoredConsent } from "./database.js";
import type { CachedQuestion, CachedReply } from "./ledger-statements.js";

/** Defects of the cached protocol, one at a time. */
export interface CacheDefects {
  /** The memory survives its connection. */
  readonly keptCache?: boolean;
  /** The stamp runs one transaction ahead of what was read. */
  readonly earlyStamp?: boolean;
  /** The stamp is the highest number drawn from a sequence, whose order is not the order of commits. */
  readonly sequenceEpoch?: boolean;
  /** A time-out changes nothing: the connection is used on. */
  readonly lateReply?: boolean;
}

/** What a gateway remembers: consents by pair, and up to which transaction it has seen them change. */
export interface Memory {
  readonly pairs: ReadonlyMap<string, readonly StoredConsent[]>;
  readonly stamp: number;
}

export interface CachedLedgerOptions {
  readonly postgres: Postgres;
  readonly timeoutMs: number;
  readonly timers: Timers;
  readonly claims: ConsentLedger["claimUses"];
  readonly defects: CacheDefects;
  /** WARNING: a deliberate defect. A memory from before the process was started. */
  readonly warmStart?: Memory | undefined;
}

/** A ledger that reads from memory what has not changed, as long as one statement after the call says so. */
export interface CachedLedger extends ConsentLedger {
  memory(): Memory | undefined;
}

const EMPTY: Memory = { pairs: new Map(), stamp: 0 };

/**
 * The protocol that this house does not use (L1): a barrier statement brings what changed since the last one, and the
 * rest comes from memory. It exists here so that the mistakes people make with such caches have something to break.
 * Right are: the stamp is `pg_snapshot_xmin` of the statement's own snapshot, and the memory dies with its connection.
 */
export function createCachedLedger(options: CachedLedgerOptions): CachedLedger {
  const { defects, timeoutMs, timers, postgres, claims } = options;
  const lane = createLane(postgres.pool);
  let memory = options.warmStart;
  let connection: unknown;
  const forget = (): void => {
    if (defects.keptCache !== true) memory = undefined;
  };

  async function round(callers: readonly (readonly ConsentQuestion[])[]): Promise<ConsentSnapshot[]> {
    return ask(lane, async (client, send) => {
      if (connection !== undefined && connection !== client) forget();
      connection = client;
      const before = memory;
      const known = before?.pairs ?? EMPTY.pairs;
      const missing = callers.flat().filter((question) => !known.has(pairOf(question)));
      const by = defects.sequenceEpoch === true ? "sequence" : "xmin";
      const reply = await send({ by, since: before?.stamp, missing });
      const stamp = reply.stamp + (defects.earlyStamp === true ? 1 : 0);
      // A round that was given up meanwhile, or a truth that went backwards.
      if (memory !== before || (before !== undefined && stamp < before.stamp)) {
        memory = undefined;
        throw new BureauError("CONSENT_UNKNOWN", "the memory is not that of this connection");
      }
      memory = { stamp, pairs: merge(known, missing, reply.consents) };
      return callers.map((questions) => snapshotOf(questions, memory ?? EMPTY, reply.now));
    });
  }

  const coalescer = createCoalescer<readonly ConsentQuestion[], ConsentSnapshot>({
    run: round,
    timeoutMs,
    timers,
    itemsMax: 512,
    onTimeout: () => {
      lane.cut();
      if (defects.lateReply !== true) forget();
    },
  });
  return {
    check: async (questions) => {
      try {
        return await coalescer.call(questions);
      } catch (cause) {
        throw new BureauError("CONSENT_UNKNOWN", "the cached ledger cannot be read", { cause });
      }
    },
    claimUses: claims,
    memory: () => memory,
  };
}

type Send = (question: CachedQuestion) => Promise<CachedReply>;

function ask<T>(lane: Lane, use: (client: unknown, send: Send) => Promise<T>): Promise<T> {
  return lane.run((client) =>
    use(client, async (question) => {
      const { rows } = await client.query<CachedReply>({
        name: "cached.check",
        text: "",
        values: [question],
      });
      return rows[0] as CachedReply;
    }),
  );
}

function pairOf({ bank, merchant }: ConsentQuestion): string {
  return `${bank} ${merchant}`;
}

/** What changed replaces what was known; a missing pair is known from now on, even where it has no consent. */
function merge(
  known: Memory["pairs"],
  missing: readonly ConsentQuestion[],
  consents: readonly StoredConsent[],
): Memory["pairs"] {
  const pairs = new Map(known);
  for (const question of missing) pairs.set(pairOf(question), []);
  for (const consent of consents) {
    const pair = pairOf(consent.terms);
    const others = pairs.get(pair);
    if (others === undefined) continue;
    const { consentId } = consent.terms;
    pairs.set(pair, [consent, ...others.filter(({ terms }) => terms.consentId !== consentId)]);
  }
  return pairs;
}

function snapshotOf(questions: readonly ConsentQuestion[], { pairs }: Memory, now: Date): ConsentSnapshot {
  const consents = questions.map((question) => (pairs.get(pairOf(question)) ?? []).map(toLedgerConsent));
  let latestMs = now.getTime();
  for (const { events } of consents.flat())
    for (const { at } of events) latestMs = Math.max(latestMs, at.getTime());
  return { now: new Date(latestMs), consents, ended: [] };
}

/** Uses are counted where they are claimed; the memory's own number would be old. */
function toLedgerConsent({ terms, events }: StoredConsent): LedgerConsent {
  return { terms, events, used: 0 };
}
