import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";
import type { TokenRequest } from "../../gateway/process/development-issuer.js";
import { compare, type Difference } from "./compare.js";
import { type Graph, readGraph } from "./graph.js";
import { lookBehind, seenOf } from "./look-behind.js";
import { predict } from "./model/predict.js";
import { expandedSize, type ModelOperation, readOperation } from "./model/read-operation.js";
import { type Drawn, drawOperation } from "./operation.js";
import { NOW, type OracleBureau } from "./oracle-bureau.js";
import { type Asker, type World, world } from "./world.js";
import { writeOperation, type WrittenOperation } from "./write-operation.js";

/** Situations in which each operation is asked; three askers in each. */
const WORLDS = 5;

export interface OracleRun {
  readonly operations: number;
  readonly seed: number;
  /** Of a failure that was printed earlier. */
  readonly path?: string;
  /** Twins of the gateway that are broken on purpose need no smallest example. */
  readonly isShrinking?: boolean;
}

export interface OracleReport {
  readonly cases: number;
  /** The smallest failing case in words, or `undefined`. */
  readonly failure: string | undefined;
}

/** The run's seed: `PROPERTY_SEED` replays one that was printed. */
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
  const graph = readSupergraphText();
  let cases = 0;
  const property = fc.asyncProperty(
    drawOperation(graph),
    fc.array(world, { minLength: WORLDS, maxLength: WORLDS }),
    async (drawn: Drawn, worlds: readonly World[]) => {
      const written = writeOperation(graph, drawn);
      fc.pre(isWithinLimits(readOperation(written.text, written.variables)));
      for (const situation of worlds) {
        cases += situation.askers.length;
        await askAll(oracle, graph, { written, situation });
      }
    },
  );
  const { failed, errorInstance, counterexamplePath, seed } = await fc.check(property, {
    numRuns: run.operations,
    seed: run.seed,
    endOnFailure: run.isShrinking === false,
    // A failure is told at last, if not as small as it could be.
    interruptAfterTimeLimit: 600_000,
    ...(run.path === undefined ? {} : { path: run.path }),
  });
  if (!failed) return { cases, failure: undefined };
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const again = `PROPERTY_SEED=${seed} PROPERTY_PATH=${counterexamplePath ?? ""}`;
  return { cases, failure: `${said}\n\nreplay: ${again}` };
}

/** What is too large is refused before it is read; other tests see to that. */
function isWithinLimits(operation: ModelOperation): boolean {
  const { fields, aliases, directives } = expandedSize(operation);
  return fields <= 120 && aliases <= 80 && directives <= 60;
}

interface Situation {
  readonly written: WrittenOperation;
  readonly situation: World;
}

async function askAll(oracle: OracleBureau, graph: Graph, { written, situation }: Situation): Promise<void> {
  oracle.enter(situation);
  for (const list of [oracle.calls, oracle.touches, oracle.entries]) list.length = 0;
  const replies = await Promise.all(
    situation.askers.map(async (asker) =>
      oracle.bureau.graphql(await tokenOf(oracle, asker), written.text, { ...written.variables }),
    ),
  );
  for (const [i, asker] of situation.askers.entries()) {
    const reply = replies[i];
    if (reply === undefined) throw new Error("no reply");
    const operation = readOperation(written.text, written.variables);
    const predicted = predict(graph, operation, { world: situation, asker, now: NOW });
    const differences = [
      ...compare(reply, predicted),
      ...lookBehind(graph, seenOf(asker, oracle), predicted),
    ];
    if (differences.length > 0) throw new Error(describe({ written, situation }, asker, differences));
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

function describe(
  { written, situation }: Situation,
  asker: Asker,
  differences: readonly Difference[],
): string {
  const consents = situation.consents.filter(
    (consent) =>
      consent.bank === asker.id &&
      written.text.concat(JSON.stringify(written.variables)).includes(consent.merchant),
  );
  return [
    ...differences,
    "",
    `asked by ${JSON.stringify(asker)}`,
    written.text,
    JSON.stringify(written.variables),
    ...consents.map((consent) => `consent ${JSON.stringify(consent)}`),
  ].join("\n");
}
