import type pg from "pg";
import { createCoalescer } from "../../foundation/coalescer.js";
import { createLane, type Lane } from "../../foundation/postgres/lane.js";
import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";
import type { InquiryEntry, InquiryLog, InquiryReceipt } from "../../schema/ports.js";
import { canonicalJson, leafHash } from "./leaf-hash.js";

/** Callers that share one commit. */
const CALLERS_MAX = 256;

export interface InquiryLogOptions {
  /** A small pool of the log's own. One connection is used. */
  readonly postgres: Postgres;
  /** How long a commit may take before its callers are turned away and its connection destroyed. */
  readonly timeoutMs: number;
}

interface Leaf {
  readonly entry: InquiryEntry;
  readonly canonical: string;
  readonly hash: string;
}

type Outcome = readonly InquiryReceipt[] | BureauError;

/**
 * The record of inquiries, with group commit: entries that arrive while one commit is under way go with the next.
 * A commit that timed out may still have taken place; the answer is withheld all the same.
 */
export function createInquiryLog({ postgres, timeoutMs }: InquiryLogOptions): InquiryLog {
  const lane = createLane(postgres.pool);
  const coalescer = createCoalescer<readonly Leaf[], Outcome>({
    run: (callers) => commit(lane, callers),
    timeoutMs,
    itemsMax: CALLERS_MAX,
    onTimeout: () => lane.cut(),
  });
  return {
    append: async (entries) => {
      if (entries.length === 0) return [];
      try {
        const outcome = await coalescer.call(entries.map(toLeaf));
        if (outcome instanceof BureauError) throw outcome;
        return outcome;
      } catch (error) {
        if (error instanceof BureauError && error.code === "INQUIRY_NOT_RECORDED") throw error;
        throw new BureauError("INQUIRY_NOT_RECORDED", "the record cannot be written", { cause: error });
      }
    },
  };
}

function toLeaf(entry: InquiryEntry): Leaf {
  const canonical = canonicalJson(entry);
  return { entry, canonical, hash: leafHash(canonical) };
}

/** `synchronous_commit` is set for the statement's own transaction, whatever the server or the role defaults to. */
const DURABLE = "begin; set local synchronous_commit = on";

const APPEND = `with clock as materialized (select date_trunc('milliseconds', clock_timestamp()) as now)
insert into inquiries.entry (merchant_id, inquiry_id, stage, party, asker, decision, entry, leaf_hash, recorded_at)
select l.entry->>'merchant', (l.entry->>'inquiryId')::uuid, l.entry->>'stage', l.entry->>'party', l.entry->>'asker',
  l.entry->>'decision', l.entry, decode(l.hash, 'hex'), clock.now
from clock, unnest($1::jsonb[], $2::text[]) as l(entry, hash)
returning recorded_at`;

/** All callers in one commit; where one caller's entries are refused, each caller on its own, so that no one else suffers. */
async function commit(lane: Lane, callers: readonly (readonly Leaf[])[]): Promise<readonly Outcome[]> {
  return lane.run(async (client) => {
    try {
      const recordedAt = await insert(client, callers.flat());
      return callers.map((leaves) => receiptsOf(leaves, recordedAt));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return oneByOne(client, callers);
    }
  });
}

async function oneByOne(
  client: pg.PoolClient,
  callers: readonly (readonly Leaf[])[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const leaves of callers) {
    try {
      outcomes.push(receiptsOf(leaves, await insert(client, leaves)));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      outcomes.push(new BureauError("INQUIRY_NOT_RECORDED", "an entry was refused", { cause: error }));
    }
  }
  return outcomes;
}

async function insert(client: pg.PoolClient, leaves: readonly Leaf[]): Promise<Date> {
  await client.query(DURABLE);
  try {
    const values = [leaves.map(({ canonical }) => canonical), leaves.map(({ hash }) => hash)];
    const { rows } = await client.query<{ recorded_at: Date }>({
      name: "inquiries.append",
      text: APPEND,
      values,
    });
    const first = rows[0];
    if (first === undefined || rows.length !== leaves.length) throw new Error("fewer entries than given");
    const { command } = await client.query("commit");
    if (command !== "COMMIT") throw new Error("the commit was turned into a rollback");
    return first.recorded_at;
  } catch (error) {
    if (isRefusal(error)) await client.query("rollback");
    throw error;
  }
}

/** The entries themselves were refused (SQLSTATE classes 22 and 23): data exception, integrity constraint violation. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^2[23][0-9A-Z]{3}$/.test(code);
}

function receiptsOf(leaves: readonly Leaf[], recordedAt: Date): readonly InquiryReceipt[] {
  return leaves.map(({ entry, hash }) => ({ inquiryId: entry.inquiryId, recordedAt, leafHash: hash }));
}
