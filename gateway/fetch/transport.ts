import { Agent, fetch } from "undici";
import type { SubgraphAnswer, SubgraphRequest } from "../../schema/subgraph.js";
import { BureauError } from "../../schema/errors.js";

/** How a request reaches a subgraph; the same answer either way. */
export type Transport = (request: SubgraphRequest) => Promise<SubgraphAnswer>;

/** Bounds of one request to a subgraph. */
export interface TransportLimits {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/** A subgraph in this process, with the same time limit as a distant one. */
export function inProcess(execute: Transport, limits: TransportLimits): Transport {
  return async (request) => {
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

/** A subgraph behind an address; keep-alive connections, no redirects, bounded time and size. */
export function overHttp(
  url: URL,
  limits: TransportLimits,
): { readonly send: Transport; readonly close: () => Promise<void> } {
  const agent = new Agent({
    connections: 64,
    keepAliveTimeout: 30_000,
    maxResponseSize: limits.answerBytesMax,
  });
  const send: Transport = async ({ permit, body }) => {
    try {
      const response = await fetch(url, {
        method: "POST",
        dispatcher: agent,
        redirect: "error",
        signal: AbortSignal.timeout(limits.timeoutMs),
        headers: { "content-type": "application/json", authorization: `Bearer ${permit ?? ""}` },
        body,
      });
      return JSON.parse(await response.text()) as SubgraphAnswer;
    } catch (error) {
      throw new BureauError("SOURCE_UNAVAILABLE", "transport", { cause: error });
    }
  };
  return { send, close: () => agent.close() };
}
