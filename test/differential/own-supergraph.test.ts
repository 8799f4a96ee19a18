import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { buildSubgraphSchema } from "@apollo/subgraph";
import fc from "fast-check";
import {
  execute,
  getNullableType,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  isEnumType,
  isListType,
  isNonNullType,
  isScalarType,
  parse,
  validate,
} from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLANNER_KINDS } from "../../gateway/plan/load-planner.js";
import { readSupergraph } from "../../gateway/plan/index.js";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";
import { compareAnswers } from "./compare-answers.js";
import { drawOperation } from "./draw-operation.js";
import { type Engines, startEngines, type SubgraphFunction } from "./engines.js";

const OPERATIONS = Number(process.env["DIFFERENTIAL_OPERATIONS"] ?? 60);
const seed = Number(process.env["DIFFERENTIAL_SEED"] ?? 20_261_124);
const tapes = fc.array(fc.nat({ max: 9_999 }), { minLength: 4, maxLength: 120, size: "max" });
const FOLDER = path.dirname(SUPERGRAPH_FILE);

/** Of every type its values; the same question has the same answer. */
const SCALARS: Readonly<Record<string, (n: number) => unknown>> = {
  Int: (n) => n % 100,
  Float: (n) => (n % 1_000) / 4,
  Boolean: (n) => n % 2 === 0,
  Minor: (n) => n % 10_000,
  Month: (n) => `2026-0${1 + (n % 9)}`,
  MerchantId: (n) => `91990100MA000000${10 + (n % 9)}`,
};

interface Place {
  readonly id?: unknown;
  readonly place: string;
}

function numberOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE();
}

const answerAnything: GraphQLFieldResolver<Place | undefined, unknown> = (source, args, _context, info) => {
  if (source !== undefined && Object.hasOwn(source, info.fieldName)) return source[info.fieldName as "id"];
  const where = source?.place ?? String(source?.id ?? "");
  return valueOf(info.returnType, `${where}/${info.fieldName}${JSON.stringify(args)}`);
};

function valueOf(type: GraphQLOutputType, place: string): unknown {
  const n = numberOf(place);
  if (!isNonNullType(type) && n % 7 === 0) return null;
  const inner = getNullableType(type);
  if (isListType(inner))
    return Array.from({ length: n % 3 }, (_, i) =>
      valueOf(inner.ofType as GraphQLOutputType, `${place}/${i}`),
    );
  if (isEnumType(inner)) return inner.getValues()[n % inner.getValues().length]?.value;
  if (isScalarType(inner)) return SCALARS[inner.name]?.(n) ?? `${inner.name}-${n % 1_000}`;
  return inner.name === "Merchant" ? { id: SCALARS["MerchantId"]?.(n), place } : { place };
}

/** The shapes of our own subgraphs over values that say where they stand. */
function subgraphs(names: readonly string[]): ReadonlyMap<string, SubgraphFunction> {
  return new Map(
    names.map((name) => {
      const sdl = readFileSync(path.join(FOLDER, `${name}.graphql`), "utf8");
      const schema = buildSubgraphSchema(parse(sdl));
      const answer = async (body: string): Promise<unknown> => {
        const { query, variables } = JSON.parse(body) as {
          query: string;
          variables?: Record<string, unknown>;
        };
        const document = parse(query);
        const errors = validate(schema, document);
        if (errors.length > 0) return { errors };
        const result = await execute({
          schema,
          document,
          variableValues: variables ?? {},
          fieldResolver: answerAnything,
        });
        return JSON.parse(JSON.stringify(result)) as unknown;
      };
      return [name, answer] as const;
    }),
  );
}

describe.each(PLANNER_KINDS)("beside @apollo/gateway, the engine with the %s planner", (planner) => {
  let engines: Engines;
  beforeAll(async () => {
    const { plannableSdl, subgraphs: names } = readSupergraph(readFileSync(SUPERGRAPH_FILE, "utf8"));
    expect(readdirSync(FOLDER)).toEqual(expect.arrayContaining(names.map((name) => `${name}.graphql`)));
    engines = await startEngines({ supergraphSdl: plannableSdl, sources: subgraphs(names), planner });
  });
  afterAll(async () => engines.close());

  it(`gives the same data and errors over our own supergraph for random queries (seed ${seed})`, async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(tapes, fc.boolean(), async (tape, isAliased) => {
        const schema = engines.apiSchema;
        const drawing = { schema, kind: "query", isAliased, isConditional: true, values: VALUES } as const;
        const drawn = drawOperation(tape, drawing);
        if (validate(engines.apiSchema, parse(drawn.query)).length > 0) return;
        const ours = await engines.ours(drawn.query, drawn.variables);
        const apollo = await engines.apollo(drawn.query, drawn.variables);
        // Input that neither takes is told in words of each's own.
        if (ours.data === undefined && apollo.data === undefined) return;
        compared += 1;
        const told = JSON.stringify({ ...drawn, ours, apollo }, null, 1);
        expect(compareAnswers(ours, apollo), told).toEqual([]);
      }),
      { seed, numRuns: OPERATIONS, interruptAfterTimeLimit: 60_000 },
    );
    expect(compared).toBeGreaterThan(OPERATIONS / 2);
  }, 120_000);
});

const VALUES = {
  MerchantId: ["91990100MA0000A193", "92990100MA0000B234"],
  Month: ["2026-01", "2026-03"],
  Instant: ["2026-06-15T04:00:00.000Z"],
  String: ["x", 'a"b'],
  Int: [1, 2, 12],
  ID: ["1", "2"],
  inquiries: [
    [
      { id: "91990100MA0000A193", purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" },
      { id: "92990100MA0000B234", purpose: "PRE_LOAN_ASSESSMENT", reference: "C-2" },
    ],
    [],
  ],
  window: [{ months: 3 }, null],
  first: [1, 3],
};
