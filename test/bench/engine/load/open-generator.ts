import { startChild } from "../processes/child.js";
import type { LoadOrder, LoadResult } from "./load-process.js";

/** The load generator: a process of its own, so that its work is nobody else's. */
export interface Generator {
  readonly pid: number;
  /** @throws Error when the generator itself failed */
  load(order: LoadOrder): Promise<LoadResult>;
  stop(): Promise<void>;
}

export async function openGenerator(): Promise<Generator> {
  const child = await startChild({ file: "test/bench/engine/load/load-process.ts" });
  return {
    pid: child.pid,
    load: async (order) => {
      const answer = (await child.ask(order)) as LoadResult | { readonly failed: string };
      if ("failed" in answer) throw new Error(`the generator failed: ${answer.failed}`);
      return answer;
    },
    stop: () => child.stop(),
  };
}
