import { Kind } from "graphql";
import type { Clock } from "../../foundation/clock.js";
import { uuidv7 } from "../../foundation/ids.js";
import type { Category } from "../../schema/categories.js";
import type { Credential } from "../../schema/claims.js";
import { decide, decideOwn } from "../../schema/consent.js";
import { BureauError } from "../../schema/errors.js";
import type { ConsentLedger } from "../../schema/ports.js";
import type { Rulebook } from "../../schema/rulebook.js";
import type { Authenticated, Authorized, Inquiry, Operation, Question, RefusedRoot } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import { objectionTo } from "../policies.js";
import { shapeOf } from "../shape/shape.js";
import { exhausted, toInquiry } from "./inquiry-of.js";
import { mergeQuestions, readQuestions, type Root } from "./read-questions.js";
import { type InquiryBudget, spendDay } from "./spend-day.js";
import { withdraw } from "./standing.js";

const NONE: ReadonlySet<Category> = new Set();

/** What the third station needs. */
export interface AuthorizePorts {
  readonly ledger: ConsentLedger;
  readonly rulebook: Rulebook;
  readonly clock: Clock;
  readonly index: PolicyIndex;
  readonly inquiryBudget: InquiryBudget;
}

export interface Authorize {
  /** @throws INQUIRY_CONFLICT, BAD_USER_INPUT, CONSENT_UNKNOWN */
  (authenticated: Authenticated, operation: Operation): Promise<Authorized>;
}

/**
 * Builds the third station: root fields are judged by party and scope, then the asker's standing and every merchant asked
 * about are decided by one snapshot of the ledger, in `schema/consent.ts`, and one use is counted against each consent
 * that opens anything.
 */
export function createAuthorize(ports: AuthorizePorts): Authorize {
  return async (authenticated, operation) => {
    const { principal, requestId } = authenticated;
    const { roots, refusedRoots } = judgeRoots(ports.index, operation, authenticated);
    const questions = mergeQuestions(roots.flatMap((root) => root.questions));
    const checkedAtMs = ports.clock.monotonicMs();
    const { decided, ended } = await decideAll(ports, authenticated, questions);
    const budgeted = await spendDay(ports.inquiryBudget, principal, decided);
    const inquiries = await countUses(ports, budgeted);
    return {
      principal,
      requestId,
      operation,
      inquiries: new Map(inquiries.map((inquiry) => [inquiry.merchant, inquiry])),
      positions: new Map(
        roots
          .filter((root) => root.questions.length > 0)
          .map((root) => [root.responseKey, root.questions.map((question) => question.merchant)]),
      ),
      refusedRoots,
      ended,
      checkedAtMs,
      rulebook: ports.rulebook.version,
    } as unknown as Authorized;
  };
}

function judgeRoots(
  index: PolicyIndex,
  operation: Operation,
  { principal }: Authenticated,
): { roots: readonly Root[]; refusedRoots: readonly RefusedRoot[] } {
  const type = operation.schema.getRootType(operation.definition.operation);
  if (type == null || operation.definition.kind !== Kind.OPERATION_DEFINITION)
    throw new BureauError("OPERATION_NOT_ALLOWED");
  const roots: Root[] = [];
  const refusedRoots: RefusedRoot[] = [];
  for (const asked of shapeOf(operation).fieldsOf(type)) {
    if (!asked.isIncluded(operation.variables)) continue;
    const { responseKey, name } = asked;
    const objection = objectionTo(index, [type.name, name], { principal, granted: NONE, records: NONE });
    if (objection === undefined) {
      const questions = readQuestions({ asked, type }, { operation, index, principal });
      roots.push({ responseKey, questions });
      continue;
    }
    const error = objection.kind === "party" ? objection.error : { code: "FORBIDDEN" as const, facts: {} };
    refusedRoots.push({ responseKey, error });
  }
  return { roots, refusedRoots };
}

/**
 * One statement for the consents of every merchant asked about and for the asker's own standing; it is sent even where no
 * merchant is asked about.
 */
async function decideAll(
  ports: AuthorizePorts,
  { principal }: Authenticated,
  questions: readonly Question[],
): Promise<{ readonly decided: readonly Inquiry[]; readonly ended: readonly Credential[] }> {
  const asked = questions.filter((question) => !question.own);
  const snapshot = await ports.ledger.check(
    asked.map(({ merchant }) => ({ bank: principal.id, merchant })),
    principal.credentials,
  );
  const decided = questions.map((question) => {
    const id = uuidv7(ports.clock.now().getTime());
    if (question.own)
      return toInquiry(question, id, decideOwn(question.asked, ports.rulebook, question.askedRecords));
    const consents = snapshot.consents[asked.indexOf(question)] ?? [];
    const decision = decide(
      consents,
      {
        bank: principal.id,
        merchant: question.merchant,
        purpose: question.purpose,
        categories: question.asked,
        records: question.askedRecords,
        tokenDetails: principal.details,
      },
      ports.rulebook,
      snapshot.now,
    );
    return toInquiry(question, id, decision);
  });
  const { ended } = snapshot;
  return { decided: ended.length === 0 ? decided : decided.map(withdraw), ended };
}

async function countUses(ports: AuthorizePorts, inquiries: readonly Inquiry[]): Promise<readonly Inquiry[]> {
  const opened = inquiries.filter((inquiry) => inquiry.granted.size > 0 && inquiry.consent !== undefined);
  if (opened.length === 0) return inquiries;
  const consents = opened.flatMap(({ consent }) => (consent === undefined ? [] : [consent]));
  const remaining = await ports.ledger.claimUses(consents);
  const byId = new Map(opened.map((inquiry, i) => [inquiry.id, remaining[i]]));
  return inquiries.map((inquiry) => {
    if (!byId.has(inquiry.id)) return inquiry;
    const left = byId.get(inquiry.id);
    return left === undefined ? exhausted(inquiry, ports.rulebook) : { ...inquiry, remainingUses: left };
  });
}
