import { refill } from "../../consents/copy-consents.js";
import { type Answers, hashAnswers, readAnswers, wrongWith } from "../answers/check-answers.js";
import { CONTENDERS, REFERENCE, staticReply } from "../contenders/contenders.js";
import type { Contender, Running } from "../contenders/contender.js";
import type { Generator } from "../load/open-generator.js";
import type { OpenField } from "../market/open-field.js";
import { askProfiles, measureServer, type Slice } from "./measure-server.js";

export interface RoundOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Requests before the clock starts, the same for all: code that is not compiled yet is slow for everybody. */
  readonly warmUpRequests: number;
  readonly connections: readonly number[];
  /** Ids of contenders; empty is all. */
  readonly only: readonly string[];
  readonly seed: number;
}

/** What became of one contender. */
export interface Outcome {
  readonly contender: Contender;
  /** Why it was not measured, or stopped being. */
  problem: string | undefined;
  readonly slices: Slice[];
}

/** What a run found. */
export interface Found {
  readonly outcomes: readonly Outcome[];
  /** Of the reference's answers, which all measured contenders gave. */
  readonly answersHash: string;
  readonly answerBytes: number;
}

/** Merchants whose answers are compared before a contender is timed. */
const COMPARED = 20;
/** Uses that a consent allows, with some to spare for the comparison. */
const USES_OF_PAIR = 25;
/** A warm-up ends after this, however few requests that was. */
export const WARM_UP_MAX_SECONDS = 30;
/** Proofs are made before the clock starts, and take the generator a while. */
const BOUND_REQUESTS_MAX = 15_000;

interface Stage {
  readonly field: OpenField;
  readonly generator: Generator;
  readonly options: RoundOptions;
  readonly say: (line: string) => void;
}

/**
 * Every contender in turn, round by round, each a fresh process; each round starts with another one. An answer that is
 * not the reference's ends a contender before it is timed.
 */
export async function runRounds(stage: Stage): Promise<Found> {
  const { field, options, say } = stage;
  const reference = await readReference(field);
  const texts = [...reference.values()].map(({ text }) => text);
  const typical = texts.toSorted((a, b) => a.length - b.length)[Math.floor(texts.length / 2)] ?? "";
  const wanted = [...CONTENDERS, staticReply(typical)].filter(
    ({ id }) => options.only.length === 0 || options.only.includes(id),
  );
  const outcomes: Outcome[] = [];
  for (const contender of wanted) {
    const problem = await contender.unavailable?.(field);
    if (problem !== undefined) say(`${contender.id}: left out, ${problem}`);
    outcomes.push({ contender, problem, slices: [] });
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (let turn = 0; turn < outcomes.length; turn += 1) {
      const outcome = outcomes[(turn + round) % outcomes.length];
      if (outcome === undefined || outcome.problem !== undefined) continue;
      say(`round ${round + 1} of ${options.rounds}: ${outcome.contender.id}`);
      await runTurn(stage, { outcome, reference, round });
    }
  }
  const answerBytes = Buffer.byteLength(typical);
  return { outcomes, answersHash: hashAnswers(reference), answerBytes };
}

async function readReference(field: OpenField): Promise<Answers> {
  const contender = CONTENDERS.find(({ id }) => id === REFERENCE);
  if (contender === undefined) throw new Error("no reference");
  const server = await contender.start(field);
  try {
    return await readAnswers(server, field.market.merchants.slice(0, COMPARED));
  } finally {
    await server.stop();
  }
}

async function runTurn(
  stage: Stage,
  {
    outcome,
    reference,
    round,
  }: { readonly outcome: Outcome; readonly reference: Answers; readonly round: number },
): Promise<void> {
  const { field, say } = stage;
  let server: Running | undefined;
  try {
    await refill(field.market.owner);
    server = await outcome.contender.start(field);
    if (outcome.contender.id !== "static") {
      const wrong = wrongWith(await readAnswers(server, [...reference.keys()]), reference);
      if (wrong !== undefined) throw new Error(`WRONG: ${wrong}`);
    }
    outcome.slices.push(...(await measureTurn(server, stage, round)));
  } catch (error) {
    outcome.problem = (error as Error).message.split("\n").slice(0, 3).join(" ").slice(0, 600);
    say(`${outcome.contender.id}: ${outcome.problem}`);
  } finally {
    await server?.stop();
  }
}

async function measureTurn(
  server: Running,
  { field, generator, options, say }: Stage,
  round: number,
): Promise<readonly Slice[]> {
  const { merchants } = field.market;
  const pairs = Math.max(1, server.tokens.length) * merchants.length;
  const uses = server.tokens.length === 0 ? Number.MAX_SAFE_INTEGER : pairs * USES_OF_PAIR;
  const most = Math.max(...options.connections);
  const profiles = askProfiles(server, merchants, options.seed + round);
  const shared = { asked: profiles, connections: most, seconds: WARM_UP_MAX_SECONDS };
  const requestsMax = Math.min(uses, options.warmUpRequests);
  const beside = { field, generator };
  const warmUp = await measureServer(server, beside, { ...shared, requestsMax, from: 0 });
  let asked = warmUp.answers;
  const slices: Slice[] = [];
  for (const connections of options.connections.toSorted((a, b) => b - a)) {
    await refill(field.market.owner);
    const expected = Math.ceil(warmUp.perSecond * options.seconds * 1.5);
    const bounded = server.proofKey === undefined ? uses : Math.min(uses, expected, BOUND_REQUESTS_MAX);
    const plan = {
      asked: profiles,
      connections,
      seconds: options.seconds,
      requestsMax: bounded,
      from: asked,
    };
    const slice = await measureServer(server, beside, plan);
    if (slice.failures > 0)
      throw new Error(`${slice.failures} of ${slice.answers} answers failed: ${slice.firstFailure ?? ""}`);
    say(
      `  ${connections} connections: ${slice.perSecond.toFixed(0)}/s, ${slice.cpuUs.toFixed(0)} us CPU, p50 ${slice.p50Ms.toFixed(2)} ms, generator ${(100 * slice.generatorCpuShare).toFixed(0)} %`,
    );
    slices.push(slice);
    asked += slice.answers;
  }
  return slices;
}
