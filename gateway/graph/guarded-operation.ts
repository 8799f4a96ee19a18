import type { DocumentNode } from "graphql";
import type { AnswerError } from "../inquiry.js";
import type { Alternatives } from "./conditions.js";

/** Variables that begin with this are the gateway's; an operation that declares one is refused. */
export const GUARD_PREFIX = "__guard";

/** An operation that is planned once for everyone: each request switches off what it may not see. */
export interface GuardedOperation {
  readonly document: DocumentNode;
  readonly roots: readonly GuardedRoot[];
  /** True where the operation asks for the schema itself, which no subgraph is asked about. */
  readonly introspects: boolean;
  readonly names: SafeNames;
  /** Response keys, as the document has them, of the roots that return merchants. */
  readonly merchantRoots: ReadonlySet<string>;
}

/** A root field as it is planned: whether it runs, about whom, and what below it, each request says in variables. */
export interface GuardedRoot {
  readonly responseKey: string;
  /** Type and field, whose rule must hold. */
  readonly coordinate: readonly [string, string];
  /** The Boolean variable that lets it run. */
  readonly variable: string;
  /** What the operation's own `@skip` and `@include` ask for. */
  readonly alternatives: Alternatives;
  /** The variable that carries whom it asks about: the code of one merchant, or the inquiries of a portfolio. */
  readonly subject: { readonly variable: string; readonly isList: boolean } | undefined;
  readonly guards: readonly RuleGuard[];
}

/** A Boolean variable of a guarded operation, and what decides it for each request. */
export interface RuleGuard {
  readonly variable: string;
  /** The field whose rule must hold, as type and name; `undefined` for one without a rule. */
  readonly coordinate: readonly [string, string] | undefined;
  /** What the operation's own `@skip` and `@include` ask for. */
  readonly alternatives: Alternatives;
}

/** Names of which none can be mistaken for the machinery's own, and the way there and back. */
export interface SafeNames {
  /** A response key of the operation as the document has it. */
  key(responseKey: string): string;
  /** The operation's variables under the names of the document. */
  variables(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** What was fetched under the names of the operation. */
  data(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  error(error: AnswerError): AnswerError;
}
