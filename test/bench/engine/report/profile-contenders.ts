import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { refill } from "../../consents/copy-consents.js";
import { CONTENDERS } from "../contenders/contenders.js";
import type { Contender } from "../contenders/contender.js";
import { askProfiles, measureServer } from "../runs/measure-server.js";
import { type runRounds, WARM_UP_MAX_SECONDS } from "../runs/run-rounds.js";
import { type CpuProfile, selfTimeByGroup } from "./cpu-profile.js";
import { tableOf } from "./machine.js";

type Stage = Parameters<typeof runRounds>[0];

/** Runs each contender once more under V8's sampling profiler and tells where its time goes, in us a request. */
export async function profileContenders(stage: Stage): Promise<string> {
  const { only } = stage.options;
  const wanted = CONTENDERS.filter(({ id, kind }) =>
    only.length === 0 ? kind === "ours" : only.includes(id),
  );
  const columns: { readonly id: string; readonly groups: ReadonlyMap<string, number> }[] = [];
  for (const contender of wanted) {
    const problem = await contender.unavailable?.(stage.field);
    if (problem !== undefined) {
      stage.say(`${contender.id}: left out, ${problem}`);
      continue;
    }
    stage.say(`profiling ${contender.id}`);
    columns.push({ id: contender.id, groups: await profileOne(stage, contender) });
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
  return tableOf(["self time, us a request", ...columns.map(({ id }) => id)], [...rows, sums]);
}

function most(columns: readonly { readonly groups: ReadonlyMap<string, number> }[], name: string): number {
  return Math.max(...columns.map(({ groups }) => groups.get(name) ?? 0));
}

async function profileOne(stage: Stage, contender: Contender): Promise<ReadonlyMap<string, number>> {
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
    const groups = selfTimeByGroup(await readLargest(folder), window);
    return new Map([...groups].map(([name, us]) => [name, us / answers]));
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
