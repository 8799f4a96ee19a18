import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { refill } from "../../consents/copy-consents.js";
import { CONTENDERS } from "../contenders/contenders.js";
import type { Contender } from "../contenders/contender.js";
import { askProfiles, measureServer } from "../runs/measure-server.js";
import { type runRounds, WARM_UP_MAX_SECONDS } from "../runs/run-rounds.js";
import { type CpuProfile, selfTimeByFunction, selfTimeByGroup } from "./cpu-profile.js";
import { tableOf } from "./machine.js";

type Stage = Parameters<typeof runRounds>[0];

/** Self time in microseconds an answer. */
interface Profile {
  readonly groups: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
}

const FUNCTIONS_SHOWN = 25;

/** Runs each contender once more under V8's sampling profiler and tells where its time goes, in us a request. */
export async function profileContenders(stage: Stage): Promise<string> {
  const { only } = stage.options;
  const wanted = CONTENDERS.filter(({ id, kind }) =>
    only.length === 0 ? kind === "ours" : only.includes(id),
  );
  const columns: (Profile & { readonly id: string })[] = [];
  for (const contender of wanted) {
    const problem = await contender.unavailable?.(stage.field);
    if (problem !== undefined) {
      stage.say(`${contender.id}: left out, ${problem}`);
      continue;
    }
    stage.say(`profiling ${contender.id}`);
    columns.push({ id: contender.id, ...(await profileOne(stage, contender)) });
  }
  const total = (groups: ReadonlyMap<string, number>): number =>
    [...groups.values()].reduce((sum, us) => sum + us, 0);
  const names = [...new Set(columns.flatMap(({ groups }) => [...groups.keys()]))].toSorted(
    (a, b) => most(columns, b) - most(columns, a),
  );
  const rows = names.map((name) => [
    name,
    ...columns.map(({ groups }) => (groups.get(name) ?? 0).toFixed(0)),
  ]);
  const sums = ["total (profiled)", ...columns.map(({ groups }) => total(groups).toFixed(0))];
  const table = tableOf(["self time, us a request", ...columns.map(({ id }) => id)], [...rows, sums]);
  return [table, ...columns.map(({ id, functions }) => hottest(id, functions))].join("\n\n");
}

function hottest(id: string, functions: ReadonlyMap<string, number>): string {
  const rows = [...functions].toSorted(([, a], [, b]) => b - a).slice(0, FUNCTIONS_SHOWN);
  return tableOf(
    [`hottest of ${id}`, "us a request"],
    rows.map(([name, us]) => [name, us.toFixed(0)]),
  );
}

function perAnswer(times: ReadonlyMap<string, number>, answers: number): ReadonlyMap<string, number> {
  return new Map([...times].map(([name, us]) => [name, us / answers]));
}

function most(columns: readonly { readonly groups: ReadonlyMap<string, number> }[], name: string): number {
  return Math.max(...columns.map(({ groups }) => groups.get(name) ?? 0));
}

async function profileOne(stage: Stage, contender: Contender): Promise<Profile> {
  const { field, generator, options } = stage;
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-profile-"));
  try {
    await refill(field.market.owner);
    const server = await contender.start(field, ["--cpu-prof", `--cpu-prof-dir=${folder}`]);
    const { merchants } = field.market;
    const plan = {
      asked: askProfiles(server, merchants, options.seed),
      connections: Math.max(...options.connections),
      requestsMax: 20 * merchants.length * Math.max(1, server.tokens.length),
    };
    let window: readonly [number, number];
    let answers: number;
    try {
      const warmUp = { ...plan, requestsMax: Math.min(plan.requestsMax, options.warmUpRequests) };
      await measureServer(server, { field, generator }, { ...warmUp, seconds: WARM_UP_MAX_SECONDS, from: 0 });
      await refill(field.market.owner);
      const startUs = Number(process.hrtime.bigint() / 1_000n);
      const slice = await measureServer(
        server,
        { field, generator },
        { ...plan, seconds: options.seconds, from: 1_000 },
      );
      window = [startUs, Number(process.hrtime.bigint() / 1_000n)];
      answers = Math.max(1, slice.answers);
    } finally {
      await server.stop();
    }
    const profile = await readLargest(folder);
    return {
      groups: perAnswer(selfTimeByGroup(profile, window), answers),
      functions: perAnswer(selfTimeByFunction(profile, window), answers),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The main thread's profile; those of other threads are small. @throws Error when none was written */
async function readLargest(folder: string): Promise<CpuProfile> {
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(path.join(folder, name), "utf8")),
  );
  const [text] = texts.toSorted((a, b) => b.length - a.length);
  if (text === undefined) throw new Error("the server wrote no profile");
  return JSON.parse(text) as CpuProfile;
}
