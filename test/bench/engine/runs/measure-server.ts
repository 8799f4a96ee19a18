import type { OpenField } from "../market/open-field.js";
import type { Running } from "../contenders/contender.js";
import type { LoadResult } from "../load/load-process.js";
import type { Generator } from "../load/open-generator.js";
import { rotationOf } from "../load/rotation.js";
import { readFamilyCpuUs, readRssMib, readStat } from "../processes/proc-stat.js";
import { profileVariables } from "../workload/profile-query.js";

/** What one server did under one load. */
export interface Slice extends LoadResult {
  readonly connections: number;
  readonly perSecond: number;
  /** User and system time of the server by answers, all its threads. */
  readonly cpuUs: number;
  /** The same of the subgraphs' shared process, and of the database server. */
  readonly subgraphsCpuUs: number;
  readonly postgresCpuUs: number;
  readonly rssMib: number;
}

export interface LoadPlan {
  readonly connections: number;
  readonly seconds: number;
  readonly requestsMax: number;
  /** Where the rotation starts, so that warm-up and measurement do not ask the same. */
  readonly from: number;
  readonly merchants: readonly string[];
  readonly seed: number;
}

/** Puts a server under load and reads the operating system's account of it before and after. */
export async function measureServer(
  server: Running,
  { field, generator }: { readonly field: OpenField; readonly generator: Generator },
  plan: LoadPlan,
): Promise<Slice> {
  const pids = [server.pid, field.subgraphsPid] as const;
  const cpu = (): readonly [number, number, number] => [
    readStat(pids[0]).cpuUs,
    readStat(pids[1]).cpuUs,
    readFamilyCpuUs(field.market.postgresPid),
  ];
  const before = cpu();
  const { merchants, seed, ...load } = plan;
  const result = await generator.load({
    ...load,
    origin: server.origin,
    path: server.path,
    bodies: merchants.map((merchant) => server.body(profileVariables(merchant))),
    tokens: server.tokens,
    rotation: rotationOf(server.tokens.length, merchants.length, seed),
    proofKey: server.proofKey,
  });
  const after = cpu();
  const each = (i: 0 | 1 | 2): number => (after[i] - before[i]) / Math.max(1, result.answers);
  return {
    ...result,
    connections: plan.connections,
    perSecond: result.answers / result.seconds,
    cpuUs: each(0),
    subgraphsCpuUs: each(1),
    postgresCpuUs: each(2),
    rssMib: readRssMib(server.pid),
  };
}
