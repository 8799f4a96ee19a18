import type { Subgraph } from "../../../schema/subgraph.js";
import { overHttp } from "../../fetch/http-transport.js";
import { inProcess, type Transport } from "../../fetch/transport.js";

/** Where a subgraph is: a value in this process, or an address. */
export type SubgraphPlace = { readonly subgraph: Subgraph } | { readonly url: URL };

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** One transport a subgraph, for as long as the gateway runs. Nothing is connected before it is used. */
export function openTransports({
  places,
  subgraphTimeoutMs,
}: {
  readonly places: ReadonlyMap<string, SubgraphPlace>;
  readonly subgraphTimeoutMs: number;
}): { readonly send: ReadonlyMap<string, Transport>; readonly close: () => Promise<void> } {
  const limits = { timeoutMs: subgraphTimeoutMs, answerBytesMax: ANSWER_BYTES_MAX };
  const send = new Map<string, Transport>();
  const closers: (() => Promise<void>)[] = [];
  for (const [name, place] of places) {
    if ("subgraph" in place) {
      send.set(
        name,
        inProcess((request) => place.subgraph.execute(request), limits),
      );
      continue;
    }
    const remote = overHttp(place.url, limits);
    send.set(name, remote.send);
    closers.push(remote.close);
  }
  return { send, close: async () => void (await Promise.all(closers.map((close) => close()))) };
}
