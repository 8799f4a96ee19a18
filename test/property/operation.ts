import fc from "fast-check";
import { type Graph, type GraphField, namedType } from "./graph.js";
import { CONSENTING, MERCHANTS } from "./cast.js";
import { PURPOSES_ASKED } from "./world.js";

/** `@skip` or `@include`; the condition is a literal, or one of the operation's Boolean variables. */
export interface Condition {
  readonly directive: "skip" | "include";
  readonly value: boolean | { readonly variable: number };
}

/** One selection as it was drawn. Names, aliases and arguments are settled when it is written out. */
export type Selection =
  | {
      readonly kind: "field";
      readonly name: string;
      /** Which of the operation's argument sets of this field. */
      readonly variant: number;
      /** 0 for none; the same letter twice is the same response key twice. */
      readonly alias: number;
      readonly conditions: readonly Condition[];
      readonly inner: readonly Selection[];
    }
  | {
      readonly kind: "inline";
      readonly isTyped: boolean;
      readonly conditions: readonly Condition[];
      readonly inner: readonly Selection[];
    }
  | { readonly kind: "spread"; readonly fragment: number; readonly conditions: readonly Condition[] };

/** Who is asked about, and how the argument is written. */
export interface DrawnQuestion {
  readonly merchant: number;
  readonly purpose: string;
  readonly reference: string;
}

/** An operation as it was drawn; small members are simple ones, so that it shrinks. */
export interface Drawn {
  readonly root: "Query" | "Mutation";
  readonly isNamed: boolean;
  readonly selections: readonly Selection[];
  readonly fragments: readonly { readonly type: string; readonly inner: readonly Selection[] }[];
  readonly questions: readonly DrawnQuestion[];
  /** For each `merchants` variant: positions in `questions`. */
  readonly portfolios: readonly (readonly number[])[];
  /** Settle values and spelling of all other arguments. */
  readonly seeds: readonly number[];
  readonly booleans: readonly { readonly value: boolean; readonly spelling: number }[];
  /** Of each type, two fields that bear each other's name, by position; and one that bears a strange one. */
  readonly swap: readonly [number, number] | undefined;
  readonly strange: readonly [field: number, alias: number] | undefined;
}

export const VARIANTS = 3;
const BOOLEANS = 3;
const FRAGMENTS_MAX = 3;
const DEPTH = 6;

const condition: fc.Arbitrary<Condition> = fc.record({
  directive: fc.constantFrom("skip", "include"),
  value: fc.oneof(
    fc.boolean(),
    fc.nat(BOOLEANS - 1).map((variable) => ({ variable })),
  ),
});

const conditions: fc.Arbitrary<readonly Condition[]> = fc.oneof(
  { weight: 12, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.tuple(condition) },
  {
    weight: 1,
    arbitrary: fc.tuple(condition, condition).filter(([one, other]) => one.directive !== other.directive),
  },
);

/** Draws operations over a graph. */
export function drawOperation(graph: Graph): fc.Arbitrary<Drawn> {
  const draw = new SelectionDrawer(graph);
  const fragmentTypes = [...draw.reached].filter((type) => type !== "Mutation");
  const fragment = fc
    .oneof(
      { weight: 4, arbitrary: fc.constant("Merchant") },
      { weight: 2, arbitrary: fc.constant("Query") },
      { weight: 3, arbitrary: fc.constantFrom(...fragmentTypes) },
    )
    .chain((type) => fc.record({ type: fc.constant(type), inner: draw.set(type, 3) }));
  const query = fc.constant<Drawn["root"]>("Query");
  const mutation = fc.constant<Drawn["root"]>("Mutation");
  const root = graph.composites.has("Mutation")
    ? fc.oneof({ weight: 30, arbitrary: query }, { weight: 1, arbitrary: mutation })
    : query;
  return root.chain((name) =>
    fc.record({
      root: fc.constant(name),
      isNamed: fc.boolean(),
      selections: draw.set(name, DEPTH),
      fragments: fc.array(fragment, { maxLength: FRAGMENTS_MAX }),
      questions,
      portfolios: fc.array(portfolio, { minLength: VARIANTS, maxLength: VARIANTS }),
      seeds: fc.array(fc.nat(255), { minLength: VARIANTS, maxLength: VARIANTS }),
      booleans: fc.array(fc.record({ value: fc.boolean(), spelling: fc.nat(2) }), {
        minLength: BOOLEANS,
        maxLength: BOOLEANS,
      }),
      swap: fc.option(fc.tuple(fc.nat(6), fc.nat(6)), { nil: undefined, freq: 2 }),
      strange: fc.option(fc.tuple(fc.nat(6), fc.nat(4)), { nil: undefined, freq: 2 }),
    }),
  );
}

/** Mostly about different merchants that may consent; now and then about the same one, or one that never does. */
const askedAbout = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.shuffledSubarray(
      CONSENTING.map((_, i) => i),
      { minLength: VARIANTS, maxLength: VARIANTS },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.array(fc.nat(MERCHANTS.length - 1), { minLength: VARIANTS, maxLength: VARIANTS }),
  },
);

const why = fc.record({
  purpose: fc.oneof(
    { weight: 20, arbitrary: fc.constant("PRE_LOAN_ASSESSMENT") },
    { weight: 3, arbitrary: fc.constantFrom(...PURPOSES_ASKED) },
    { weight: 1, arbitrary: fc.constant("OWN_QUERY") },
  ),
  reference: fc.oneof(
    { weight: 30, arbitrary: fc.constant("CASE-1") },
    { weight: 1, arbitrary: fc.constant("CASE 2") },
  ),
});

const questions: fc.Arbitrary<readonly DrawnQuestion[]> = fc
  .tuple(askedAbout, fc.array(why, { minLength: VARIANTS, maxLength: VARIANTS }))
  .map(([merchants, whys]) =>
    merchants.map((merchant, i) => ({ merchant, ...(whys[i] ?? { purpose: "", reference: "" }) })),
  );

const portfolio = fc.oneof(
  { weight: 1, arbitrary: fc.array(fc.nat(VARIANTS - 1), { maxLength: 1 }) },
  { weight: 5, arbitrary: fc.array(fc.nat(VARIANTS - 1), { minLength: 2, maxLength: 4 }) },
);

/** Weights of what an operation asks for first. */
const ROOT_WEIGHTS: Readonly<Record<string, number>> = { merchant: 10, merchants: 12, me: 5 };

class SelectionDrawer {
  readonly reached: ReadonlySet<string>;
  readonly #graph: Graph;
  readonly #sets = new Map<string, fc.Arbitrary<readonly Selection[]>>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.reached = new Set(graph.composites.keys());
  }

  /** A selection set on a type, at most so many levels deep. */
  set(type: string, depth: number): fc.Arbitrary<readonly Selection[]> {
    const key = `${type}/${depth}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const made = fc.array(this.#selection(type, depth), {
      minLength: 1,
      maxLength: type === "Merchant" || type === "Query" ? 4 : 2,
    });
    this.#sets.set(key, made);
    return made;
  }

  #selection(type: string, depth: number): fc.Arbitrary<Selection> {
    const fields = [...(this.#graph.composites.get(type)?.fields.values() ?? [])];
    const typename: fc.Arbitrary<Selection> = fc.record({
      kind: fc.constant("field" as const),
      name: fc.constant("__typename"),
      variant: fc.constant(0),
      alias: fc.nat(2),
      conditions,
      inner: fc.constant([]),
    });
    const drawn = fields
      .filter((field) => depth > 0 || !this.#graph.composites.has(namedType(field.type)))
      .map((field) => ({
        weight: (type === "Query" ? ROOT_WEIGHTS[field.name] : undefined) ?? 1,
        arbitrary: this.#field(field, depth),
      }));
    const leaf = { weight: 1, arbitrary: typename };
    const field = fc.oneof(leaf, ...drawn.map((each) => ({ ...each, weight: each.weight * 2 })));
    if (depth === 0) return field;
    const spread: fc.Arbitrary<Selection> = fc.record({
      kind: fc.constant("spread" as const),
      fragment: fc.nat(FRAGMENTS_MAX - 1),
      conditions,
    });
    const inline: fc.Arbitrary<Selection> = fc.record({
      kind: fc.constant("inline" as const),
      isTyped: fc.boolean(),
      conditions,
      inner: this.#sets.get(`${type}/${depth - 1}`) ?? this.#lazySet(type, depth - 1),
    });
    return fc.oneof(
      { weight: 10, arbitrary: field },
      { weight: 2, arbitrary: inline },
      { weight: type === "Merchant" ? 3 : 1, arbitrary: spread },
    );
  }

  #field(field: GraphField, depth: number): fc.Arbitrary<Selection> {
    const target = namedType(field.type);
    return fc.record({
      kind: fc.constant("field" as const),
      name: fc.constant(field.name),
      variant: field.arguments.length === 0 ? fc.constant(0) : fc.nat(VARIANTS - 1),
      alias: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
      conditions,
      inner: this.#graph.composites.has(target) ? this.set(target, depth - 1) : fc.constant([]),
    });
  }

  #lazySet(type: string, depth: number): fc.Arbitrary<readonly Selection[]> {
    return this.set(type, depth);
  }
}
