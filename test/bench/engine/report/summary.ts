import { median, spreadOf } from "../../statistics.js";
import { STOCK } from "../contenders/contenders.js";
import type { Found, Outcome } from "../runs/run-rounds.js";
import type { Slice } from "../runs/measure-server.js";
import { tableOf } from "./machine.js";

/** Medians over the rounds at one number of connections. */
export interface Figures {
  readonly connections: number;
  readonly rounds: number;
  readonly perSecond: number;
  /** Half of the range over the rounds as a share of the median. */
  readonly perSecondSpread: number;
  readonly cpuUs: number;
  readonly cpuSpread: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly subgraphsCpuUs: number;
  readonly postgresCpuUs: number;
  readonly rssMib: number;
  readonly generatorCpuShareMax: number;
  /** To stock Apollo in the same rounds; above 1 is better. */
  readonly throughputTimesStock: number | undefined;
  readonly cpuTimesStock: number | undefined;
}

export interface Summary {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly problem: string | undefined;
  readonly figures: readonly Figures[];
}

/** Sums a run up; ratios are medians of the ratios of each round, so that what else the machine does falls out. */
export function summarize({ outcomes }: Found, connections: readonly number[]): readonly Summary[] {
  const stock = outcomes.find(({ contender }) => contender.id === STOCK);
  return outcomes.map((outcome) => ({
    id: outcome.contender.id,
    title: outcome.contender.title,
    kind: outcome.contender.kind,
    problem: outcome.problem,
    figures: connections.flatMap((count) => figuresOf(outcome, stock, count)),
  }));
}

function figuresOf(outcome: Outcome, stock: Outcome | undefined, connections: number): readonly Figures[] {
  const slices = at(outcome, connections);
  if (slices.length === 0) return [];
  const beside = stock === undefined ? [] : at(stock, connections);
  const middle = (read: (slice: Slice) => number): number => median(slices.map(read));
  const ratio = (read: (slice: Slice, other: Slice) => number): number | undefined => {
    const ratios = slices.flatMap((slice, round) => {
      const other = beside[round];
      return other === undefined ? [] : [read(slice, other)];
    });
    return ratios.length === 0 ? undefined : median(ratios);
  };
  return [
    {
      connections,
      rounds: slices.length,
      perSecond: middle(({ perSecond }) => perSecond),
      perSecondSpread: spreadOf(slices.map(({ perSecond }) => perSecond)),
      cpuUs: middle(({ cpuUs }) => cpuUs),
      cpuSpread: spreadOf(slices.map(({ cpuUs }) => cpuUs)),
      p50Ms: middle(({ p50Ms }) => p50Ms),
      p99Ms: middle(({ p99Ms }) => p99Ms),
      subgraphsCpuUs: middle(({ subgraphsCpuUs }) => subgraphsCpuUs),
      postgresCpuUs: middle(({ postgresCpuUs }) => postgresCpuUs),
      rssMib: middle(({ rssMib }) => rssMib),
      generatorCpuShareMax: Math.max(...slices.map(({ generatorCpuShare }) => generatorCpuShare)),
      throughputTimesStock: ratio((slice, other) => slice.perSecond / other.perSecond),
      cpuTimesStock: ratio((slice, other) => other.cpuUs / slice.cpuUs),
    },
  ];
}

function at({ slices }: Outcome, connections: number): readonly Slice[] {
  return slices.filter((slice) => slice.connections === connections);
}

const HEAD = [
  "contender",
  "req/s",
  "x Apollo",
  "spread",
  "CPU us/req",
  "x Apollo (CPU)",
  "p50 / p99 ms",
  "subgraphs us",
  "PostgreSQL us",
  "RSS MiB",
  "generator CPU",
];

/** One table for each number of connections; whoever was not measured stands there with the reason. */
export function tablesOf(summaries: readonly Summary[], connections: readonly number[]): string {
  return connections
    .map(
      (count) =>
        `${count} connections\n\n${tableOf(
          HEAD,
          summaries.map((summary) => rowOf(summary, count)),
        )}`,
    )
    .join("\n\n");
}

function rowOf({ title, problem, figures }: Summary, connections: number): readonly string[] {
  const found = figures.find((figure) => figure.connections === connections);
  if (found === undefined || problem !== undefined)
    return [
      title,
      `not measured: ${(problem ?? "no round").replaceAll("|", "/")}`,
      ...HEAD.slice(2).map(() => ""),
    ];
  return [
    title,
    found.perSecond.toFixed(0),
    times(found.throughputTimesStock),
    `+-${(100 * found.perSecondSpread).toFixed(0)} %`,
    `${found.cpuUs.toFixed(0)} +-${(100 * found.cpuSpread).toFixed(0)} %`,
    times(found.cpuTimesStock),
    `${found.p50Ms.toFixed(2)} / ${found.p99Ms.toFixed(2)}`,
    found.subgraphsCpuUs.toFixed(0),
    found.postgresCpuUs.toFixed(0),
    String(found.rssMib),
    `${(100 * found.generatorCpuShareMax).toFixed(0)} %`,
  ];
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? "" : ratio.toFixed(2);
}
