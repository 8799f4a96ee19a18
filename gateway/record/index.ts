import type { Category } from "../../schema/categories.js";
import { BureauError } from "../../schema/errors.js";
import type { InquiryEntry, InquiryLog, InquiryReceipt } from "../../schema/ports.js";
import type { Authorized, Inquiry, Recorded, Released } from "../inquiry.js";

/** The record of one operation, begun before anything is fetched. */
export interface Recording {
  /**
   * Resolves when the decision is durable. The answer waits here before consent is checked the last time, so that a slow
   * record does not age that check. @throws INQUIRY_NOT_RECORDED
   */
  decided(): Promise<void>;
  /**
   * Resolves when every inquiry, and every way in which its answer fell short of its decision, is durable.
   * @throws INQUIRY_NOT_RECORDED
   */
  complete(released: Released): Promise<Recorded>;
}

/**
 * Builds the sixth station. The decision is written while the subgraphs are asked; the answer waits for it, and for a
 * second entry when less was released than decided.
 */
export function createRecord(log: InquiryLog): (authorized: Authorized) => Recording {
  return (authorized) => {
    const decided = append(
      log,
      [...authorized.inquiries.values()].map((inquiry) => entryOf(authorized, inquiry, "DECIDED")),
    );
    // The rejection is raised in `complete`; without this it would count as unhandled while the fetch is under way.
    decided.catch(() => {});
    return {
      decided: async () => void (await decided),
      complete: async (released) => {
        const receipts = await decided;
        await append(log, shortfalls(authorized, released));
        return {
          released,
          receipts: new Map(receipts.map((receipt) => [receipt.inquiryId, receipt])),
        } as unknown as Recorded;
      },
    };
  };
}

async function append(log: InquiryLog, entries: readonly InquiryEntry[]): Promise<readonly InquiryReceipt[]> {
  if (entries.length === 0) return [];
  try {
    return await log.append(entries);
  } catch (error) {
    if (error instanceof BureauError && error.code === "INQUIRY_NOT_RECORDED") throw error;
    throw new BureauError("INQUIRY_NOT_RECORDED", "append failed", { cause: error });
  }
}

function shortfalls(before: Authorized, released: Released): InquiryEntry[] {
  const entries: InquiryEntry[] = [];
  for (const decided of before.inquiries.values()) {
    const now = released.authorized.inquiries.get(decided.merchant) ?? decided;
    const left = released.categories.get(decided.merchant) ?? new Set();
    const records = released.records.get(decided.merchant) ?? new Set();
    if (now.granted.size < decided.granted.size || now.records.size < decided.records.size)
      entries.push(entryOf(released.authorized, now, "WITHHELD"));
    else if (
      leaving(decided).some((category) => decided.asked.includes(category) && !left.has(category)) ||
      [...decided.records].some((category) => !records.has(category))
    ) {
      const kept = {
        ...decided,
        granted: left,
        records,
        decision: left.size === 0 ? ("FAILED" as const) : ("PART_GRANTED" as const),
      };
      if (released.errors.length > 0) entries.push(entryOf(before, kept, "FAILED"));
    }
  }
  return entries;
}

/** What leaves of an inquiry: nothing of a category whose records alone were asked for, and withheld. */
function leaving({ granted, records, askedRecords, askedFigures }: Inquiry): readonly Category[] {
  return [...granted].filter(
    (category) =>
      records.has(category) || !askedRecords.includes(category) || askedFigures.includes(category),
  );
}

function entryOf(authorized: Authorized, inquiry: Inquiry, stage: InquiryEntry["stage"]): InquiryEntry {
  const { principal, operation, rulebook } = authorized;
  return {
    inquiryId: inquiry.id,
    stage,
    party: principal.party,
    asker: principal.id,
    clientId: principal.clientId,
    merchant: inquiry.merchant,
    purpose: inquiry.purpose,
    reference: inquiry.reference,
    decision: inquiry.decision,
    asked: inquiry.asked,
    released: leaving(inquiry),
    askedRecords: inquiry.askedRecords,
    releasedRecords: [...inquiry.records],
    consentId: inquiry.consent?.terms.consentId ?? null,
    consentVersion: inquiry.consent?.terms.version ?? null,
    months: inquiry.months ?? null,
    rules: inquiry.rules,
    rulebook,
    operationSha256: operation.sha256,
  };
}
