/** What of a `.cpuprofile` is read (V8's format: times in microseconds of the monotonic clock). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

type Frame = CpuProfile["nodes"][number]["callFrame"];

/** Self time by group of modules, in microseconds, of the samples within a window of the monotonic clock; idle left out. */
export function selfTimeByGroup(
  profile: CpuProfile,
  window: readonly [number, number],
): ReadonlyMap<string, number> {
  return selfTimeBy(profile, window, groupOf);
}

/** The same by function, with the last part of its address. */
export function selfTimeByFunction(
  profile: CpuProfile,
  window: readonly [number, number],
): ReadonlyMap<string, number> {
  return selfTimeBy(profile, window, (frame) => {
    if (groupOf(frame) === undefined) return undefined;
    const place = frame.url
      .replace(/^file:\/\//, "")
      .split("/")
      .slice(-3)
      .join("/");
    return `${frame.functionName === "" ? "(anonymous)" : frame.functionName} ${place}`.trim();
  });
}

function selfTimeBy(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  [fromUs, untilUs]: readonly [number, number],
  nameOf: (frame: Frame) => string | undefined,
): ReadonlyMap<string, number> {
  const groups = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const sums = new Map<string, number>();
  let atUs = startTime;
  for (const [i, id] of samples.entries()) {
    const deltaUs = timeDeltas[i] ?? 0;
    atUs += deltaUs;
    const group = groups.get(id);
    if (group === undefined || atUs < fromUs || atUs >= untilUs) continue;
    sums.set(group, (sums.get(group) ?? 0) + deltaUs);
  }
  return sums;
}

const ROOMS =
  /\/(gateway\/[a-z-]+|subgraphs\/[a-z-]+|schema|foundation|authorization-server|test\/bench)[/.]/;
const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/;
/** Packages that stand for many. */
const FAMILIES: readonly (readonly [family: string, packages: RegExp])[] = [
  ["graphql", /^(graphql|graphql-jit|@graphql-tools\/.*|graphql-scalars|type-graphql|dataloader)$/],
  ["pg", /^(pg|pg-.*|postgres-.*|kysely)$/],
  [
    "fastify",
    /^(fastify|@fastify\/.*|find-my-way|light-my-request|fast-json-stringify|avvio|@as-integrations\/.*)$/,
  ],
  ["apollo server", /^@apollo\/(server.*|utils\..*|usage-reporting.*|cache-control.*)$/],
  ["apollo gateway", /^@apollo\//],
  [
    "fetch client",
    /^(undici|make-fetch-happen|minipass.*|@npmcli\/.*|agent-base|node-fetch|http-cache-semantics)$/,
  ],
];

function groupOf({ functionName, url }: Frame): string | undefined {
  if (functionName === "(idle)") return undefined;
  if (functionName === "(garbage collector)") return "garbage collector";
  if (functionName === "(program)" || functionName === "(root)") return "native code and system calls";
  if (url.startsWith("node:")) return "Node internals";
  const name = PACKAGE.exec(url)?.[1];
  if (name !== undefined)
    return FAMILIES.find(([, packages]) => packages.test(name))?.[0] ?? "other packages";
  const room = ROOMS.exec(url)?.[1];
  if (room !== undefined) return `our ${room}`;
  return url === "" ? "built-ins" : "other";
}
