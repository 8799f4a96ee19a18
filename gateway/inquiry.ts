import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from "graphql";
import type { Category } from "../schema/categories.js";
import type { Credential, MonthRange, PlatformAccount, Principal } from "../schema/claims.js";
import type { TermsInForce } from "../schema/consent.js";
import type { LedgerConsent } from "../schema/consent-terms.js";
import type { ErrorCode, ErrorFacts } from "../schema/errors.js";
import type { InquiryDecision, InquiryReceipt, RuleDecision } from "../schema/ports.js";
import type { Purpose } from "../schema/purposes.js";

declare const stage: unique symbol;
type Stage<Name extends string> = { readonly [stage]: Name };

/** A request whose caller is known. Only `authenticate/` makes one. */
export interface Authenticated extends Stage<"authenticated"> {
  readonly principal: Principal;
  readonly requestId: string;
  /** The DPoP nonce that the client should use from now on (RFC 9449 section 8.2), if that is another one. */
  readonly nextNonce: string | undefined;
}

/** The operation to be judged: parsed and valid against the API schema. */
export interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Lower-case hex SHA-256 of the source text. */
  readonly sha256: string;
}

/** One question about one merchant, before it is decided. */
export interface Question {
  readonly merchant: string;
  readonly purpose: Purpose;
  readonly reference: string;
  readonly own: boolean;
  readonly asked: readonly Category[];
  /** Of `asked`: those whose single records are asked for. */
  readonly askedRecords: readonly Category[];
  /** Of `asked`: those of which something else than single records is asked for; the others stand or fall with these. */
  readonly askedFigures: readonly Category[];
}

export interface Withheld {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
}

/** A question and what may be released for it. */
export interface Inquiry extends Question {
  readonly id: string;
  readonly decision: InquiryDecision;
  readonly granted: ReadonlySet<Category>;
  /** Of `granted`: those whose single records may leave as well. */
  readonly records: ReadonlySet<Category>;
  readonly withheld: ReadonlyMap<Category, Withheld>;
  /** What withholds the records of a category, of those asked for. */
  readonly withheldRecords: ReadonlyMap<Category, Withheld>;
  readonly rules: readonly RuleDecision[];
  readonly consent: LedgerConsent | undefined;
  /** The terms of `consent` that stood at the instant of the decision. */
  readonly terms: TermsInForce | undefined;
  readonly months: MonthRange | undefined;
  /** `undefined` where every linked account is open. */
  readonly accounts: readonly PlatformAccount[] | undefined;
  readonly remainingUses: number | undefined;
}

/** A root field that may not run, and why. */
export interface RefusedRoot {
  readonly responseKey: string;
  readonly error: Withheld;
}

/** The operation with its decisions. Only `authorize/` makes one; nothing is fetched without it. */
export interface Authorized extends Stage<"authorized"> {
  readonly principal: Principal;
  readonly requestId: string;
  readonly operation: Operation;
  /** By merchant: one operation asks about a merchant once. */
  readonly inquiries: ReadonlyMap<string, Inquiry>;
  /** For each root field that returns merchants, by response key: the merchant at each position. */
  readonly positions: ReadonlyMap<string, readonly string[]>;
  readonly refusedRoots: readonly RefusedRoot[];
  /** What the token rests on and was ended; when there is any, nothing is fetched and nothing leaves. */
  readonly ended: readonly Credential[];
  /** Monotonic milliseconds at which the last check of consents and credentials was sent. */
  readonly checkedAtMs: number;
  readonly rulebook: string;
}

/** What of the operation may be fetched, in the variables of its plan. */
export interface Narrowed {
  /** The operation's own, the guards', and the inquiries of portfolios. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** For each portfolio that asks about fewer merchants than the operation did, by response key: where they stood. */
  readonly keptPositions: ReadonlyMap<string, readonly number[]>;
}

/** An error on a response path, ready to be shown. */
export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** What the subgraphs gave, not yet released. Only `fetch/` makes one. */
export interface Fetched extends Stage<"fetched"> {
  readonly authorized: Authorized;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly AnswerError[];
}

/** What may leave. Only `answer/` makes one. */
export interface Released extends Stage<"released"> {
  readonly authorized: Authorized;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly AnswerError[];
  /** Categories that left, by merchant. */
  readonly categories: ReadonlyMap<string, ReadonlySet<Category>>;
  /** Categories whose single records left, by merchant. */
  readonly records: ReadonlyMap<string, ReadonlySet<Category>>;
}

/** On record, durably: the only stage that can be answered. Only `record/` makes one. */
export interface Recorded extends Stage<"recorded"> {
  readonly released: Released;
  readonly receipts: ReadonlyMap<string, InquiryReceipt>;
}
