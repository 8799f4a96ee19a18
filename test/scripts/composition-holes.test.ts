import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { describe, expect, it } from "vitest";
import type { ComposedSubgraph } from "../../scripts/compose/composed-subgraph.js";
import { composeSupergraph, CompositionError } from "../../scripts/compose/compose-supergraph.js";
import { lintClosure } from "../../scripts/compose/lint-closure.js";
import { judgeByShadow } from "../../scripts/compose/shadow-composition.js";

const link = (...more: string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@shareable", "@external", "@requires", "@policy"${more.map((name) => `, "${name}"`).join("")}])`;

const IDENTITY = '@policy(policies: [["consent:IDENTITY"]])';
const SOCIAL = '@policy(policies: [["consent:SOCIAL"]])';
const BOTH = '@policy(policies: [["consent:IDENTITY", "consent:SOCIAL"]])';

const ROOT = `${link()}
type Query { merchant(id: ID!): Merchant @policy(policies: [["party:bank"]]) }
type Merchant @key(fields: "id") { id: ID! legalName: String ${IDENTITY} }`;

/** A second subgraph with one field of a merchant. */
const second = (fields: string, rest = "", ...imports: string[]) =>
  `${link(...imports)}\ntype Merchant @key(fields: "id") { id: ID! ${fields} }\n${rest}`;

const named = (...sdls: string[]): ComposedSubgraph[] =>
  sdls.map((sdl, i) => ({ name: ["merchants", "second", "third", "fourth"][i] ?? "x", sdl }));

function problemsOf(subgraphs: readonly ComposedSubgraph[]): readonly string[] {
  try {
    composeSupergraph(subgraphs);
  } catch (error) {
    if (error instanceof CompositionError) return error.problems;
    throw error;
  }
  return [];
}

interface Hole {
  readonly name: string;
  readonly problem: RegExp;
  readonly sdls: readonly string[];
}

const hole = (name: string, problem: RegExp, ...sdls: string[]): Hole => ({ name, problem, sdls });

const HOLES: readonly Hole[] = [
  hole(
    "@requires, one step",
    /second: Merchant\.a requires Merchant\.legalName \(consent:IDENTITY\)/,
    ROOT,
    second(`legalName: String @external a: Int @requires(fields: "legalName") ${SOCIAL}`),
  ),
  hole(
    "@requires, two steps",
    /third: Merchant\.b requires Merchant\.a \(consent:IDENTITY and consent:SOCIAL\)/,
    ROOT,
    second(`legalName: String @external a: Int @requires(fields: "legalName") ${BOTH}`),
    second(`a: Int @external b: Int @requires(fields: "a") ${SOCIAL}`),
  ),
  hole(
    "@requires, three steps",
    /fourth: Merchant\.c requires Merchant\.b/,
    ROOT,
    second(`legalName: String @external a: Int @requires(fields: "legalName") ${BOTH}`),
    second(`a: Int @external b: Int @requires(fields: "a") ${BOTH}`),
    second(`b: Int @external c: Int @requires(fields: "b") ${SOCIAL}`),
  ),
  hole(
    "@requires of a field inside an object",
    /second: Merchant\.a requires Shop\.phone \(consent:IDENTITY\)/,
    ROOT.replace("legalName", `shop: Shop ${SOCIAL} legalName`) + `\ntype Shop { phone: String ${IDENTITY} }`,
    second(
      `shop: Shop @external a: Int @requires(fields: "shop { phone }") ${SOCIAL}`,
      "type Shop { phone: String @external }",
    ),
  ),
  hole(
    "@requires through an interface to a type behind it",
    /second: Merchant\.a requires Shop\.phone \(consent:IDENTITY\)/,
    ROOT.replace("legalName", `place: Place ${SOCIAL} legalName`) +
      `\ninterface Place { phone: String } type Shop implements Place { phone: String ${IDENTITY} }`,
    second(
      `place: Place @external a: Int @requires(fields: "place { phone }") ${SOCIAL}`,
      "interface Place { phone: String } type Shop implements Place { phone: String @external }",
    ),
  ),
  hole(
    "@requires where only one of two alternatives is strict enough",
    /second: Merchant\.a requires Merchant\.legalName/,
    ROOT,
    second(
      'legalName: String @external a: Int @requires(fields: "legalName") @policy(policies: [["consent:IDENTITY"], ["consent:SOCIAL"]])',
    ),
  ),
  hole(
    "@provides",
    /second: Merchant\.peer provides Shop\.phone \(consent:IDENTITY\)/,
    `${ROOT}\ntype Shop @key(fields: "id") { id: ID! phone: String ${IDENTITY} @shareable }`,
    second(
      `peer: Shop @provides(fields: "phone") ${SOCIAL}`,
      'type Shop @key(fields: "id") { id: ID! phone: String @external }',
      "@provides",
    ),
  ),
  hole(
    "@fromContext",
    /second: Shop\.a takes name from a context/,
    ROOT,
    `${link("@context", "@fromContext")}
    type Merchant @key(fields: "id") @context(name: "m") { id: ID! legalName: String @external shop: Shop ${SOCIAL} }
    type Shop @key(fields: "id") { id: ID! a(name: String @fromContext(field: "$m { legalName }")): Int ${SOCIAL} }`,
  ),
  hole(
    "an interface field that is looser than a type behind it (interfaces, down)",
    /second: Named\.name opens Shop\.name \(consent:IDENTITY\)/,
    ROOT,
    second(
      `named: Named ${SOCIAL}`,
      `interface Named { name: String } type Shop implements Named { name: String ${IDENTITY} }`,
    ),
  ),
  hole(
    "a rule on an interface field that its types do not carry (interfaces, up)",
    /second: Named\.name: a rule on an interface field does not bind its types/,
    ROOT,
    second(
      `named: Named ${SOCIAL}`,
      `interface Named { name: String ${IDENTITY} } type Shop implements Named { name: String }`,
    ),
  ),
  hole(
    "@interfaceObject",
    /second: Named stands for an interface/,
    `${ROOT}\ninterface Named @key(fields: "id") { id: ID! name: String } type Shop implements Named @key(fields: "id") { id: ID! name: String ${IDENTITY} }`,
    `${link("@interfaceObject")}\ntype Named @key(fields: "id") @interfaceObject { id: ID! rank: Int ${SOCIAL} }`,
  ),
  hole(
    "@override that drops the rule",
    /second: Merchant\.legalName takes over from merchants and drops consent:IDENTITY/,
    ROOT,
    second(`legalName: String @override(from: "merchants") ${SOCIAL}`, "", "@override"),
  ),
  hole(
    "a shared field guarded on one side only",
    /Merchant\.legalName is shared under two rules: merchants says consent:IDENTITY, second says no rule/,
    ROOT.replace(IDENTITY, `@shareable ${IDENTITY}`),
    second("legalName: String @shareable"),
  ),
  hole(
    "a shared field with two different rules",
    /Merchant\.legalName is shared under two rules/,
    ROOT.replace(IDENTITY, `@shareable ${IDENTITY}`),
    second(`legalName: String @shareable ${SOCIAL}`),
  ),
  hole(
    "a value type guarded in one subgraph only",
    /Shop\.phone is shared under two rules/,
    ROOT.replace("legalName", `shop: Shop ${IDENTITY} legalName`) +
      `\ntype Shop @shareable ${IDENTITY} { phone: String }`,
    second(`other: Shop ${SOCIAL}`, "type Shop @shareable { phone: String }"),
  ),
  hole(
    "a subgraph that redefines the directive",
    /second: defines @policy itself/,
    ROOT,
    second(`a: Int ${SOCIAL}`, "directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION"),
  ),
  hole(
    "a subgraph that drops the directive's import",
    /second: does not import @policy/,
    ROOT,
    second(`a: Int ${SOCIAL}`).replace(', "@policy"', ""),
  ),
  hole(
    "a subgraph that renames the directive",
    /second: renames an imported directive/,
    ROOT,
    second(`a: Int ${SOCIAL.replace("@policy", "@guard")}`).replace(
      '"@policy"',
      '{ name: "@policy", as: "@guard" }',
    ),
  ),
  hole(
    "a subgraph of federation 1, whose rules vanish",
    /second: must link federation v2 exactly once/,
    ROOT,
    second(`a: Int ${SOCIAL}`).replace(link(), ""),
  ),
  hole(
    "a new subgraph that declares a known field again without its rule",
    /Merchant\.legalName is shared under two rules/,
    ROOT,
    second("legalName: String"),
  ),
];

describe("every hole that a composer leaves fails the build (P1)", () => {
  it.each(HOLES)("$name", ({ problem, sdls }) => {
    const problems = problemsOf(named(...sdls));
    expect(problems.some((text) => problem.test(text))).toBe(true);
  });

  it("and the closed form of each composes, so that the lint refuses the hole and not the feature", () => {
    const closed = [
      ROOT,
      second(`legalName: String @external a: Int @requires(fields: "legalName") ${BOTH}`),
      second(`a: Int @external b: Int @requires(fields: "a") ${BOTH}`),
    ];
    expect(problemsOf(named(...closed))).toEqual([]);
    const shared = [
      ROOT.replace(IDENTITY, `@shareable ${IDENTITY}`),
      second(`legalName: String @shareable ${IDENTITY}`),
    ];
    expect(problemsOf(named(...shared))).toEqual([]);
  });
});

describe("our closure lint stands alone", () => {
  const allows = (...sdls: string[]) => expect(lintClosure(named(...sdls))).toEqual([]);

  it("lets a provided field through that its carrier guards as well", () => {
    allows(
      `${ROOT}\ntype Shop @key(fields: "id") { id: ID! phone: String ${IDENTITY} @shareable }`,
      second(
        `peer: Shop @provides(fields: "phone") ${BOTH}`,
        'type Shop @key(fields: "id") { id: ID! phone: String @external }',
        "@provides",
      ),
    );
  });

  it("lets an override through that keeps the rule, or is stricter", () => {
    allows(ROOT, second(`legalName: String @override(from: "merchants") ${BOTH}`, "", "@override"));
  });

  it("takes any of several alternatives, when each is strict enough", () => {
    allows(
      ROOT,
      second(
        'legalName: String @external a: Int @requires(fields: "legalName") @policy(policies: [["consent:IDENTITY", "party:bank"], ["consent:IDENTITY", "consent:SOCIAL"]])',
      ),
    );
  });
});

describe("the shadow composition is a second judge", () => {
  const subgraphs = named(ROOT, second(`a: Int ${SOCIAL}`));
  const supergraph = composeSupergraph(subgraphs);

  it("agrees on what is whole", () => {
    expect(judgeByShadow(supergraph, subgraphs)).toEqual([]);
  });

  it.each([
    [
      "lost",
      supergraph.replace(` ${SOCIAL}`, ""),
      /two composers differ on Merchant\.a: no rule, and consent:SOCIAL/,
    ],
    [
      "changed",
      supergraph.replace("consent:SOCIAL", "consent:REVIEWS"),
      /two composers differ on Merchant\.a/,
    ],
  ])("sees a rule that the first composer %s", (_what, doctored, problem) => {
    expect(doctored).not.toBe(supergraph);
    expect(judgeByShadow(doctored, subgraphs).join("\n")).toMatch(problem);
  });

  it("refuses, without our lints, a subgraph that requires what its rule does not name", () => {
    const leaking = named(
      ROOT,
      second(`legalName: String @external a: Int @requires(fields: "legalName") ${SOCIAL}`),
    );
    const first = composeServices(
      leaking.map(({ name, sdl }) => ({ name, typeDefs: parse(sdl), url: "http://x.invalid" })),
    );
    expect(first.errors?.map(({ message }) => message).join()).toMatch(/auth requirements/);
    expect(judgeByShadow(supergraph, leaking).join("\n")).toMatch(/the second composer refuses/);
  });
});
