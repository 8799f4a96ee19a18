import type { Clock } from "../../foundation/clock.js";
import type { Credential } from "../../schema/claims.js";
import type { ConsentLedger, ConsentQuestion, ConsentSnapshot } from "../../schema/ports.js";

/**
 * WARNING: deliberate defects, each one that a reasonable person has shipped somewhere. They are put around the real
 * ledger in code, by this command only, to see that they are found out. No setting of the bureau reaches them.
 */
export const BROKEN_LEDGERS = { joinInFlight, failOpen, ttlCache } satisfies Record<string, Break>;
export type BrokenLedger = keyof typeof BROKEN_LEDGERS;
type Break = (ledger: ConsentLedger, clock: Clock) => ConsentLedger;

/** Puts a defect around a ledger. */
export function breakLedger(defect: BrokenLedger, ledger: ConsentLedger, clock: Clock): ConsentLedger {
  const broken: Break = BROKEN_LEDGERS[defect];
  return broken(ledger, clock);
}

const TTL_MS = 2_000;

/** Whoever asks what is being asked already waits for the answer that is on its way. */
function joinInFlight(ledger: ConsentLedger): ConsentLedger {
  const onTheWire = new Map<string, Promise<ConsentSnapshot>>();
  return {
    claimUses: (consents) => ledger.claimUses(consents),
    check: (questions, credentials) => {
      const key = keyOf(questions, credentials);
      const joined = onTheWire.get(key);
      if (joined !== undefined) return joined;
      const sent = ledger.check(questions, credentials).finally(() => onTheWire.delete(key));
      onTheWire.set(key, sent);
      return sent;
    },
  };
}

/** While the truth is out of reach, the last answer counts. */
function failOpen(ledger: ConsentLedger): ConsentLedger {
  const last = new Map<string, ConsentSnapshot>();
  return {
    claimUses: async (consents) => {
      try {
        return await ledger.claimUses(consents);
      } catch {
        return consents.map(() => 1);
      }
    },
    check: async (questions, credentials) => {
      const key = keyOf(questions, credentials);
      try {
        const snapshot = await ledger.check(questions, credentials);
        last.set(key, snapshot);
        return snapshot;
      } catch (error) {
        const known = last.get(key);
        if (known === undefined) throw error;
        return known;
      }
    },
  };
}

/** An answer is good for two seconds: what most permission services do, with longer times. */
function ttlCache(ledger: ConsentLedger, clock: Clock): ConsentLedger {
  const kept = new Map<string, { readonly snapshot: ConsentSnapshot; readonly atMs: number }>();
  return {
    claimUses: (consents) => ledger.claimUses(consents),
    check: async (questions, credentials) => {
      const key = keyOf(questions, credentials);
      const found = kept.get(key);
      if (found !== undefined && clock.monotonicMs() - found.atMs < TTL_MS) return found.snapshot;
      const atMs = clock.monotonicMs();
      const snapshot = await ledger.check(questions, credentials);
      kept.set(key, { snapshot, atMs });
      return snapshot;
    },
  };
}

function keyOf(questions: readonly ConsentQuestion[], credentials: readonly Credential[]): string {
  return JSON.stringify([questions, credentials]);
}
