import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";
import type { TokenRequest } from "../../scripts/demo/test-issuer.js";
import { compare, type Difference } from "./compare.js";
import { type Graph, readGraph } from "./graph.js";
import { lookBehind, seenOf } from "./look-behind.js";
import { type Prediction, predict } from "./model/predict.js";
import { expandedSize, type ModelOperation, readOperation } from "./model/read-operation.js";
import { drawOperation } from "./operation.js";
import type { OracleBureau } from "./oracle-bureau.js";
import { type Asker, type World, worlds } from "./world.js";
import { writeOperation, type WrittenOperation } from "./write-operation.js";

/** Situations in which each operation is asked, and askers in each. */
export const WORLDS = 5;
export const ASKERS = 3;

export interface OracleRun {
  readonly operations: number;
  readonly seed: number;
  /** Other situations than random ones. */
  readonly worlds?: fc.Arbitrary<readonly World[]>;
  /** A part of the supergraph; all of it where absent. */
  readonly graph?: Graph;
  /** Twins of the gateway that are broken on purpose need no smallest example. */
  readonly isShrinking?: boolean;
  /** Told of every case that was right. */
  readonly onCase?: (asker: Asker, predicted: Prediction) => void;
}

export interface OracleReport {
  readonly cases: number;
  /** How often each decision and each error code came up: a run that never refuses proves nothing. */
  readonly tally: ReadonlyMap<string, number>;
  /** The smallest failing case in words, or `undefined`. */
  readonly failure: string | undefined;
}

/** The run's seed: `PROPERTY_SEED` repeats one that was printed. */
export function seedOfRun(): number {
  const given = process.env["PROPERTY_SEED"];
  return given === undefined ? randomInt(2 ** 31) : Number(given);
}

/** The supergraph, read by the tests themselves. */
export function readSupergraphText(): Graph {
  return readGraph(readFileSync(SUPERGRAPH_FILE, "utf8"));
}

/** Runs random operations in random worlds and compares each answer whole with its prediction. */
export async function runOracle(oracle: OracleBureau, run: OracleRun): Promise<OracleReport> {
  const whole = readSupergraphText();
  const drawnFrom = run.graph ?? whole;
  const tally = new Map<string, number>();
  let cases = 0;
  const onCase = (asker: Asker, predicted: Prediction): void => {
    cases += 1;
    count(tally, predicted);
    run.onCase?.(asker, predicted);
  };
  const property = fc.asyncProperty(
    drawOperation(drawnFrom),
    run.worlds ?? worlds(WORLDS),
    async (drawn, situations) => {
      const written = writeOperation(drawnFrom, drawn);
      fc.pre(isWithinLimits(readOperation(written.text, written.variables)));
      for (const world of situations) await askAll(oracle, { graph: whole, written, world, onCase });
    },
  );
  const path = process.env["PROPERTY_PATH"];
  const { failed, errorInstance, counterexamplePath, seed } = await fc.check(property, {
    numRuns: run.operations,
    seed: run.seed,
    endOnFailure: run.isShrinking === false,
    // A failure is told at last, if not as small as it could be.
    interruptAfterTimeLimit: 600_000,
    ...(path === undefined ? {} : { path }),
  });
  if (!failed) return { cases, tally, failure: undefined };
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const failure = `${said}\n\nrepeat with PROPERTY_SEED=${seed} PROPERTY_PATH=${counterexamplePath ?? ""}`;
  return { cases, tally, failure };
}

/** What is too large is refused before it is read; other tests see to that. */
function isWithinLimits(operation: ModelOperation): boolean {
  const { fields, aliases, directives } = expandedSize(operation);
  return fields <= 120 && aliases <= 80 && directives <= 60;
}

function count(tally: Map<string, number>, predicted: Prediction): void {
  const seen = [
    ...predicted.inquiries.map(({ decision }) => decision),
    ...predicted.errors.map(({ code }) => code),
  ];
  for (const what of seen) tally.set(what, (tally.get(what) ?? 0) + 1);
}

interface Situation {
  readonly graph: Graph;
  readonly written: WrittenOperation;
  readonly world: World;
  readonly onCase: (asker: Asker, predicted: Prediction) => void;
}

/** All askers of a world ask the same operation at the same time. */
async function askAll(oracle: OracleBureau, { graph, written, world, onCase }: Situation): Promise<void> {
  oracle.enter(world);
  for (const list of [oracle.calls, oracle.touches, oracle.entries]) list.length = 0;
  const asked = await Promise.all(
    world.askers.map(async (asker) => {
      const token = await tokenOf(oracle, asker);
      return { asker, reply: await oracle.bureau.graphql(token, written.text, { ...written.variables }) };
    }),
  );
  for (const { asker, reply } of asked) {
    const operation = readOperation(written.text, written.variables);
    const predicted = predict(graph, operation, { world, asker, now: oracle.now() });
    const differences = [
      ...compare(reply, predicted),
      ...lookBehind(graph, seenOf(asker, oracle), predicted),
    ];
    if (differences.length > 0) throw new Error(inWords({ written, world }, asker, differences));
    onCase(asker, predicted);
  }
}

const tokens = new WeakMap<OracleBureau, Map<string, Promise<string>>>();

function tokenOf(oracle: OracleBureau, asker: Asker): Promise<string> {
  const known = tokens.get(oracle) ?? new Map<string, Promise<string>>();
  tokens.set(oracle, known);
  const key = JSON.stringify(asker);
  const token = known.get(key) ?? oracle.bureau.token(asker satisfies TokenRequest);
  known.set(key, token);
  return token;
}

function inWords(
  { written, world }: Pick<Situation, "written" | "world">,
  asker: Asker,
  differences: readonly Difference[],
): string {
  const variables = JSON.stringify(written.variables);
  const concerned = world.consents.filter(
    ({ bank, merchant }) => bank === asker.id && `${written.text}${variables}`.includes(merchant),
  );
  return [
    ...differences,
    "",
    `asked by ${JSON.stringify(asker)}`,
    written.text,
    variables,
    ...concerned.map((consent) => `consent ${JSON.stringify(consent)}`),
  ].join("\n");
}
