import { randomId } from "../../foundation/ids.js";
import { BureauError, ERRORS, isErrorCode } from "../../schema/errors.js";
import type { AnswerError, Withheld } from "../inquiry.js";

/** Facts that may leave with an error; anything else a subgraph says about one stays inside. */
const FACTS = [
  "category",
  "rule",
  "article",
  "fix",
  "problem",
  "argument",
  "scope",
  "retryAfterSeconds",
  "budget",
  "limit",
] as const;

/** The message and facts of a withheld value; the code decides the message, never the thrower. */
export function withheldError({ code, facts }: Withheld, path: readonly (string | number)[]): AnswerError {
  return { message: ERRORS[code].message, path, extensions: { code, ...pick(facts) } };
}

/** An error of a subgraph or of the executor, as it may be shown: known codes only, everything else is masked. */
export function safeError(error: unknown): AnswerError {
  const { path, extensions, originalError } = error as {
    path?: readonly (string | number)[];
    extensions?: Record<string, unknown>;
    originalError?: unknown;
  };
  const at = path === undefined ? {} : { path };
  const cause = originalError instanceof BureauError ? originalError : error;
  const code = cause instanceof BureauError ? cause.code : extensions?.["code"];
  const facts = cause instanceof BureauError ? cause.facts : (extensions ?? {});
  if (!isErrorCode(code)) return maskedError(at);
  if (ERRORS[code].audience === "operator" || code === "PERMIT_INVALID" || code === "PERMIT_REQUIRED") {
    return { message: ERRORS.SOURCE_UNAVAILABLE.message, ...at, extensions: { code: "SOURCE_UNAVAILABLE" } };
  }
  return { message: ERRORS[code].message, ...at, extensions: { code, ...pick(facts) } };
}

/** A bug, as the client sees it: an id to quote, nothing else. */
export function maskedError(at: { readonly path?: readonly (string | number)[] } = {}): AnswerError {
  const code = "INTERNAL_SERVER_ERROR";
  return { message: "The service made a mistake.", ...at, extensions: { code, errorId: randomId() } };
}

/** Longest fact, in characters; what is longer, or no text and no number, is nobody's fact. */
const FACT_CHARACTERS_MAX = 300;

function pick(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of FACTS) if (Object.hasOwn(facts, name) && isFact(facts[name])) kept[name] = facts[name];
  return kept;
}

function isFact(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "string" && value !== "" && value.length <= FACT_CHARACTERS_MAX;
}
