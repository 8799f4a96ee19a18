import type { SubgraphAnswer, SubgraphRequest, WireError } from "../../schema/subgraph.js";
import { BureauError } from "../../schema/errors.js";

/** One request to a subgraph, and what its transport must know of it. */
export interface SubgraphCall {
  readonly request: SubgraphRequest;
  /** False for a mutation, which may be sent once only. */
  readonly isQuery: boolean;
  /** Equal for requests whose askers may see the same answer: body, asker, grants and consent versions. */
  readonly shareKey: () => string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

/** How a request reaches a subgraph; the same answer either way. */
export type Transport = (call: SubgraphCall) => Promise<SubgraphAnswer>;

/** Bounds of one request to a subgraph. */
export interface TransportLimits {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/** Errors of one answer that are looked at; a portfolio of 100 has at most a few for each merchant. */
const ERRORS_MAX = 1_000;

/**
 * What of an answer is believed to be one: plain data, and errors by path and code. Everything else, extensions first, is
 * dropped here.
 * @throws SOURCE_UNAVAILABLE when it is no answer at all
 */
export function readAnswer(given: unknown): SubgraphAnswer {
  if (!isObject(given)) throw new BureauError("SOURCE_UNAVAILABLE", "the answer is no object");
  const { data, errors } = given;
  if (data != null && !isObject(data)) throw new BureauError("SOURCE_UNAVAILABLE", "data is no object");
  if (data == null && !Array.isArray(errors))
    throw new BureauError("SOURCE_UNAVAILABLE", "neither data nor errors");
  return {
    ...(data === undefined ? {} : { data }),
    ...(Array.isArray(errors) ? { errors: errors.slice(0, ERRORS_MAX).map(readError) } : {}),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readError(given: unknown): WireError {
  const { message, path, extensions } = isObject(given) ? given : {};
  const code = isObject(extensions) ? extensions["code"] : undefined;
  return {
    message: typeof message === "string" ? message : "",
    ...(isPath(path) ? { path } : {}),
    extensions: { ...(isObject(extensions) ? extensions : {}), code: typeof code === "string" ? code : "" },
  };
}

function isPath(path: unknown): path is readonly (string | number)[] {
  return (
    Array.isArray(path) &&
    path.every((step) => typeof step === "string" || (Number.isSafeInteger(step) && Number(step) >= 0))
  );
}

/** A subgraph in this process, with the same time limit as a distant one. */
export function inProcess(
  execute: (request: SubgraphRequest) => Promise<SubgraphAnswer>,
  limits: TransportLimits,
): Transport {
  return async ({ request, signal }) => {
    signal?.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new BureauError("SOURCE_UNAVAILABLE", "time limit")), limits.timeoutMs);
    });
    try {
      return await Promise.race([execute(request), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
