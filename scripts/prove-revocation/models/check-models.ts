import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Verdict } from "../verdict.js";

/** A model under one set of definitions. */
interface ModelVariant {
  readonly model: "barrier" | "cached-barrier" | "failover";
  readonly defines: readonly string[];
  readonly expected: Verdict["expected"];
}

const right = (model: ModelVariant["model"], ...defines: readonly string[]): ModelVariant => ({
  model,
  defines,
  expected: "holds",
});
const broken = (model: ModelVariant["model"], ...defines: readonly string[]): ModelVariant => ({
  model,
  defines,
  expected: "caught",
});

/** Every model is shown to hold, to be able to release anything at all, and to find each defect. */
const MODEL_VARIANTS: readonly ModelVariant[] = [
  right("barrier"),
  right("barrier", "GATEWAYS=2", "INQUIRIES=1", "STATEMENTS=2", "KILLS=0"),
  ...[
    "REACHABLE",
    "JOIN_IN_FLIGHT",
    "LATE_REPLY",
    "FAIL_OPEN",
    "EARLY_ACK",
    "NO_RELEASE_CHECK",
    "STANDBY_READ",
    "TTL_CACHE",
  ].map((define) => broken("barrier", define)),
  right("cached-barrier"),
  ...["REACHABLE", "KEPT_CACHE", "WARM_START", "EARLY_STAMP", "SEQUENCE_EPOCH"].map((define) =>
    broken("cached-barrier", define),
  ),
  right("failover"),
  right("failover", "UNFENCED", "QUORUM_BARRIER"),
  broken("failover", "REACHABLE"),
  broken("failover", "ASYNC_STANDBY"),
  broken("failover", "UNFENCED"),
  broken("failover", "UNFENCED", "QUORUM_BARRIER", "ASYNC_STANDBY"),
];

const MEMORY_MIB_MAX = 1_024;
const CHECK_TIMEOUT_MS = 300_000;
/** Steps of one execution; every model ends far below. */
const DEPTH_MAX = 100_000;

/** Runs every model with `spin` and `gcc`; where either is missing, says so and proves nothing. */
export async function checkModels(onVerdict: (verdict: Verdict) => void): Promise<readonly Verdict[]> {
  const missing: string[] = [];
  for (const program of ["spin", "gcc"]) if (!(await isInstalled(program))) missing.push(program);
  if (missing.length > 0) {
    const rests = `${missing.join(" and ")} not installed: no model was run`;
    const verdict: Verdict = { layer: "models", variant: "all", expected: "holds", result: "skipped", rests };
    onVerdict(verdict);
    return [verdict];
  }
  const verdicts: Verdict[] = [];
  for (const variant of MODEL_VARIANTS) {
    const verdict = await checkModel(variant);
    onVerdict(verdict);
    verdicts.push(verdict);
  }
  return verdicts;
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    await run(program, [program === "spin" ? "-V" : "--version"], { cwd: os.tmpdir(), timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function checkModel({ model, defines, expected }: ModelVariant): Promise<Verdict> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-model-"));
  const head = { layer: "models", variant: [model, ...defines].join(" "), expected } as const;
  try {
    const file = `${model}.pml`;
    await copyFile(path.join(import.meta.dirname, file), path.join(folder, file));
    const words = defines.map((define) => `-D${define}`);
    const tool = { cwd: folder, timeoutMs: 60_000 };
    await run("spin", [...words, "-a", file], tool);
    const flags = ["-O2", "-w", "-DSAFETY", "-DCOLLAPSE", `-DMEMLIM=${MEMORY_MIB_MAX}`];
    await run("gcc", [...flags, "-o", "verifier", "pan.c"], tool);
    const said = await run(path.join(folder, "verifier"), [`-m${DEPTH_MAX}`], {
      cwd: folder,
      timeoutMs: CHECK_TIMEOUT_MS,
    });
    return { ...head, ...readReport(said) };
  } catch (error) {
    return { ...head, result: "failed", rests: (error as Error).message.split("\n")[0] ?? "" };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A search that met a limit has proved nothing, whatever its count of errors says. */
function readReport(said: string): Pick<Verdict, "result" | "rests"> {
  const errors = /errors: (\d+)/.exec(said)?.[1];
  const states = Number(/([\d.e+]+) states, stored/.exec(said)?.[1] ?? Number.NaN);
  const limit = /(max search depth too small|out of memory|MEMLIM|VECTORSZ)/.exec(said)?.[1];
  const rests = `${Math.round(states).toLocaleString("en-US")} states, ${errors ?? "no count of"} errors`;
  if (errors === undefined || Number.isNaN(states) || (errors === "0" && limit !== undefined))
    return { result: "failed", rests: limit ?? "the verifier's report was not understood" };
  if (errors === "0") return { result: "holds", rests };
  return { result: /assertion violated/.test(said) ? "caught" : "failed", rests };
}

interface RunOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
}

/** Resolves to what a program wrote. @throws Error when it cannot be run, fails or takes too long */
function run(program: string, words: readonly string[], { cwd, timeoutMs }: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, timeout: timeoutMs, killSignal: "SIGKILL" });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(said);
      else
        reject(
          new Error(`${path.basename(program)} ended with ${String(code ?? signal)}: ${said.slice(0, 300)}`),
        );
    });
  });
}
