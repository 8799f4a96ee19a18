import { GraphQLError } from "graphql";
import type { Level } from "../../schema/categories.js";
import type { PlatformAccount, Principal } from "../../schema/claims.js";
import type { LoanStage } from "../../schema/consent-terms.js";
import { BureauError, ERRORS, isErrorCode } from "../../schema/errors.js";
import { challengeFor } from "../http/challenge.js";
import type { AnswerError, Inquiry, Recorded } from "../inquiry.js";
import { safeError } from "./safe-error.js";

/** One answer as it leaves: an executor's result. */
export interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLError[];
  readonly extensions?: Record<string, unknown>;
}

/** What the bank is told about one of its inquiries. */
interface InquiryNote {
  readonly id: string;
  readonly merchant: string;
  readonly purpose: string;
  readonly reference: string;
  readonly decision: string;
  readonly consentId: string | null;
  /** Of the terms in force: a loan's monitoring ends later than its assessment. */
  readonly consentExpiresAt: string | null;
  readonly remainingUses: number | null;
  /** What was opened, each category at its closest level. */
  readonly granted: readonly { readonly category: string; readonly level: Level }[];
  readonly withheld: readonly { readonly category: string; readonly level: Level; readonly code: string }[];
  readonly months: { readonly from: string; readonly until: string } | null;
  /** Null where every linked account is open, or none. */
  readonly accounts: readonly PlatformAccount[] | null;
  /** Null for a consent without a loan. */
  readonly stage: LoanStage | null;
  readonly receipt: { readonly leafHash: string; readonly recordedAt: string } | null;
}

/**
 * The last station: only what is on record becomes an answer, and none goes to who has lost its standing. `cost` is what
 * the asker is told of its cost.
 */
export function answer(recorded: Recorded, cost?: object): Answer {
  const { released } = recorded;
  const { ended, principal } = released.authorized;
  if (ended.length > 0) return failure(new BureauError("CREDENTIAL_REVOKED"), cost, principal);
  const notes = [...released.authorized.inquiries.values()].map((inquiry) => noteOf(inquiry, recorded));
  return {
    data: released.data as Record<string, unknown> | null,
    ...(released.errors.length === 0 ? {} : { errors: released.errors.map(toGraphQLError) }),
    ...extensionsOf({ cost, inquiries: notes.length === 0 ? undefined : notes }),
  };
}

/** The answer of an operation that ended before a release: one error with its HTTP status, and no data at all. */
export function failure(error: unknown, cost?: object, principal?: Principal): Answer {
  const safe = safeError(error);
  const code = safe.extensions["code"];
  const status = isErrorCode(code) ? ERRORS[code].http : 500;
  const http = { status, headers: new Map<string, string>() };
  const waitSeconds = safe.extensions["retryAfterSeconds"] ?? (status === 503 ? 1 : undefined);
  if (typeof waitSeconds === "number") http.headers.set("retry-after", String(waitSeconds));
  if (isErrorCode(code) && status === 401)
    http.headers.set("www-authenticate", challengeFor(code, schemeOf(principal)));
  const errors = [new GraphQLError(safe.message, { extensions: { ...safe.extensions, http } })];
  return { errors, ...extensionsOf({ cost }) };
}

/** The scheme that a token of this kind comes with. */
function schemeOf(principal: Principal | undefined): "Bearer" | "DPoP" {
  return principal?.binding !== undefined && "jkt" in principal.binding ? "DPoP" : "Bearer";
}

function extensionsOf(members: Readonly<Record<string, unknown>>): Pick<Answer, "extensions"> {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return present.length === 0 ? {} : { extensions: Object.fromEntries(present) };
}

function toGraphQLError(error: AnswerError): GraphQLError {
  return new GraphQLError(error.message, { path: error.path ?? null, extensions: error.extensions });
}

function noteOf(inquiry: Inquiry, { receipts }: Recorded): InquiryNote {
  const receipt = receipts.get(inquiry.id);
  return {
    id: inquiry.id,
    merchant: inquiry.merchant,
    purpose: inquiry.purpose,
    reference: inquiry.reference,
    decision: inquiry.decision,
    consentId: inquiry.consent?.terms.consentId ?? null,
    consentExpiresAt: instantText(inquiry.terms?.expiresAt),
    remainingUses: inquiry.remainingUses ?? null,
    granted: [...inquiry.granted].map((category) => ({
      category,
      level: inquiry.records.has(category) ? "RECORDS" : "SUMMARY",
    })),
    withheld: [...withheldOf(inquiry.withheld, "SUMMARY"), ...withheldOf(inquiry.withheldRecords, "RECORDS")],
    months: inquiry.months ?? null,
    accounts: inquiry.accounts ?? null,
    stage: inquiry.terms?.stage ?? null,
    receipt:
      receipt === undefined
        ? null
        : { leafHash: receipt.leafHash, recordedAt: receipt.recordedAt.toISOString() },
  };
}

function withheldOf(withheld: Inquiry["withheld"], level: Level): InquiryNote["withheld"] {
  return [...withheld].map(([category, { code }]) => ({ category, level, code }));
}

/** Null also for an instant that cannot be read: such a consent is closed. */
function instantText(instant: Date | undefined): string | null {
  return instant === undefined || Number.isNaN(instant.getTime()) ? null : instant.toISOString();
}
