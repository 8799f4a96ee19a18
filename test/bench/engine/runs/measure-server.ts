import type { OpenField } from "../market/open-field.js";
import type { Running } from "../contenders/contender.js";
import type { LoadOrder, LoadResult } from "../load/load-process.js";
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
  /** What is asked, and by whom. */
  readonly asked: Pick<LoadOrder, "bodies" | "tokens" | "rotation">;
}

/** Every bank asks a server for the profile of every merchant, in an order that the seed draws. */
export function askProfiles(server: Running, merchants: readonly string[], seed: number): LoadPlan["asked"] {
  return {
    bodies: merchants.map((merchant) => server.body(profileVariables(merchant))),
    tokens: server.tokens,
    rotation: rotationOf(server.tokens.length, merchants.length, seed),
  };
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
  const { asked, ...load } = plan;
  const { origin, path, proofKey } = server;
  const result = await generator.load({ ...load, ...asked, origin, path, proofKey });
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
