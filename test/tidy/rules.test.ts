import { describe, expect, it } from "vitest";
import * as imports from "./imports.js";
import * as shape from "./shape.js";
import { parseSource, type Problem, type SourceFile } from "./source-files.js";
import * as words from "./words.js";

type Rule = (files: readonly SourceFile[]) => readonly Problem[];

function problems(rule: Rule, path: string, text: string): number {
  return rule([parseSource(path, text)]).length;
}

const imported = (specifier: string): string => `import { x } from ${JSON.stringify(specifier)};`;
const lines = (count: number): string => "f();\n".repeat(count);
const noted = (note: string): string => `// ${note}\n`;
const ZERO_WIDTH = String.fromCharCode(0x20_0b);
const TURNED = String.fromCharCode(0x20_2e);

/** For each rule: a file it refuses and its nearest neighbour that it lets pass. */
const SAMPLES: readonly (readonly [
  name: string,
  rule: Rule,
  bad: [string, string],
  good: [string, string],
])[] = [
  [
    "direction",
    imports.findWrongDirections,
    ["gateway/a.ts", imported("../subgraphs/index.js")],
    ["gateway/main.ts", imported("../subgraphs/index.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["schema/a.ts", imported("../foundation/clock.js")],
    ["schema/a.ts", imported("./errors.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["foundation/a.ts", imported("../schema/consent.js")],
    ["foundation/a.ts", imported("../schema/errors.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["subgraphs/signals/a.ts", imported("../consents/index.js")],
    ["subgraphs/signals/a.ts", imported("../host/deps.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["subgraphs/host/a.ts", imported("../signals/index.js")],
    ["subgraphs/serve.ts", imported("./signals/index.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["gateway/plan/a.ts", imported("../record/index.js")],
    ["gateway/gateway.ts", imported("./record/index.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["foundation/a.ts", imported("../test/support/actors.js")],
    ["test/a.ts", imported("../foundation/clock.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["gateway/process/server.ts", imported("../../subgraphs/index.js")],
    ["gateway/process/open-bureau.ts", imported("../../subgraphs/index.js")],
  ],
  [
    "direction",
    imports.findWrongDirections,
    ["subgraphs/index.ts", imported("../scripts/market/first-start.js")],
    ["gateway/main.ts", imported("../scripts/market/first-start.js")],
  ],
  [
    "direction of a type",
    imports.findWrongDirections,
    ["gateway/a.ts", 'type X = import("../subgraphs/index.js").X;'],
    ["gateway/a.ts", 'type X = import("../schema/claims.js").X;'],
  ],
  [
    "direction of an import at run time",
    imports.findWrongDirections,
    ["gateway/a.ts", 'await import("../subgraphs/index.js");'],
    ["gateway/a.ts", 'await import("../schema/claims.js");'],
  ],
  [
    "direction of an export",
    imports.findWrongDirections,
    ["gateway/a.ts", 'export { x } from "../subgraphs/index.js";'],
    ["gateway/a.ts", 'export { x } from "../schema/claims.js";'],
  ],
  [
    "package",
    imports.findWrongPackages,
    ["gateway/a.ts", imported("jose")],
    ["foundation/tokens/sign.ts", imported("jose")],
  ],
  [
    "package",
    imports.findWrongPackages,
    ["foundation/a.ts", imported("ioredis")],
    ["foundation/redis/a.ts", imported("ioredis")],
  ],
  [
    "package",
    imports.findWrongPackages,
    ["gateway/receive/a.ts", imported("rate-limiter-flexible")],
    ["foundation/redis/a.ts", imported("rate-limiter-flexible")],
  ],
  [
    "package",
    imports.findWrongPackages,
    ["gateway/record/a.ts", imported("@apollo/server")],
    ["gateway/plan/a.ts", imported("@apollo/gateway")],
  ],
  [
    "package",
    imports.findWrongPackages,
    ["gateway/a.ts", imported("type-graphql")],
    ["subgraphs/signals/a.ts", imported("type-graphql")],
  ],
  ["package", imports.findWrongPackages, ["gateway/a.ts", imported("pg")], ["test/a.ts", imported("pg")]],
  [
    "circle",
    imports.findCycles,
    ["schema/a.ts", 'import type { A } from "./a.js";'],
    ["schema/a.ts", 'import type { A } from "./b.js";'],
  ],
  ["orphan", imports.findOrphans, ["schema/a.ts", ""], ["scripts/a.ts", ""]],
  ["long file", shape.findLongFiles, ["schema/a.ts", lines(301)], ["schema/a.ts", lines(300)]],
  [
    "long function",
    shape.findLongFunctions,
    ["schema/a.ts", `function f() {\n${lines(59)}}`],
    ["schema/a.ts", `function f() {\n${lines(58)}}`],
  ],
  [
    "long arrow",
    shape.findLongFunctions,
    ["schema/a.ts", `const f = () => {\n${lines(59)}};`],
    ["test/a.test.ts", `describe("x", () => {\n${lines(59)}});`],
  ],
  [
    "parameters",
    shape.findManyParameters,
    ["schema/a.ts", "function f(a, b, c, d, e) {}"],
    ["schema/a.ts", "class A { m(@Arg() a, @Arg() b, @Arg() c, d, e) {} }"],
  ],
  [
    "parameters",
    shape.findManyParameters,
    ["schema/a.ts", "const f = (a, b, c, d, e = 1) => a;"],
    ["schema/a.ts", "const f = (a, b, c, d, options = {}) => a;"],
  ],
  [
    "default export",
    shape.findBadExports,
    ["schema/a.ts", "export default 1;"],
    ["vitest.config.ts", "export default 1;"],
  ],
  [
    "export of everything",
    shape.findBadExports,
    ["schema/a.ts", 'export * from "./b.js";'],
    ["schema/a.ts", 'export { b } from "./b.js";'],
  ],
  ["any", shape.findAny, ["schema/a.ts", "let a: any;"], ["schema/a.ts", "let any: unknown;"]],
  [
    "comment",
    shape.findUndocumented,
    ["schema/a.ts", "export function f() {}"],
    ["schema/a.ts", "/** Does. */\nexport function f() {}"],
  ],
  ["time", words.findMachineReads, ["gateway/a.ts", "Date.now();"], ["foundation/clock.ts", "Date.now();"]],
  ["time", words.findMachineReads, ["gateway/a.ts", "new Date();"], ["gateway/a.ts", "new Date(0);"]],
  ["luck", words.findMachineReads, ["schema/a.ts", "Math.random();"], ["schema/a.ts", "Math.round(1);"]],
  [
    "settings",
    words.findMachineReads,
    ["gateway/config.ts", 'process.env["A"];'],
    ["gateway/main.ts", 'process.env["A"];'],
  ],
  [
    "terminal",
    words.findMachineReads,
    ["subgraphs/a.ts", "console.log(1);"],
    ["subgraphs/a.ts", '"console.log(1)";'],
  ],
  [
    "seed",
    words.findUnseededTests,
    ["test/a.test.ts", "Math.random();"],
    ["test/a.test.ts", "random(seed);"],
  ],
  [
    "loose end",
    words.findLooseEnds,
    ["schema/a.ts", noted(`TO${"DO"} later`)],
    ["schema/a.ts", noted(`TO${"DO"}(#12) later`)],
  ],
  [
    "hidden character",
    words.findForeignCharacters,
    ["test/a.ts", `"a${ZERO_WIDTH}b";`],
    ["test/a.ts", '"ab";'],
  ],
  [
    "turned text",
    words.findForeignCharacters,
    ["schema/a.ts", noted(`a${TURNED}b`)],
    ["schema/a.ts", noted("ab")],
  ],
  [
    "foreign character",
    words.findForeignCharacters,
    ["gateway/a.ts", '"\u4fe1\u6865";'],
    ["gateway/a.ts", noted("\u5f81\u4fe1\u4e1a\u7ba1\u7406\u6761\u4f8b")],
  ],
  [
    "look-alike",
    words.findForeignCharacters,
    ["gateway/a.ts", noted("\u0430dmin")],
    ["gateway/a.ts", noted("admin")],
  ],
  ["machine path", words.findMachinePaths, ["test/a.ts", `"/${"tmp"}/x";`], ["test/a.ts", '"/health/live";']],
  [
    "machine path",
    words.findMachinePaths,
    ["test/a.ts", `\`/${"home"}/\${x}\`;`.replace("/$", "/a$")],
    ["test/a.ts", "`/feeds/${x}`;"],
  ],
];

describe("a rule of the house", () => {
  it.each(SAMPLES)("on %s refuses its bad sample and lets the neighbour pass", (_name, rule, bad, good) => {
    expect(problems(rule, ...bad), bad.join(": ")).toBe(1);
    expect(problems(rule, ...good), good.join(": ")).toBe(0);
  });

  it("finds a circle over three files, types only, once", () => {
    const circle = [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
    ].map(([from, to]) => parseSource(`schema/${from}.ts`, `import type { X } from "./${to}.js";`));
    expect(imports.findCycles(circle)).toEqual([
      "a circle: schema/a.ts -> schema/b.ts -> schema/c.ts -> schema/a.ts",
    ]);
  });

  it("on packages wants each declared, and none for development in the running house", () => {
    const manifest = {
      dependencies: { pg: "1" },
      devDependencies: { vitest: "1" },
      peerDependencies: { peer: "1" },
    };
    const check = (path: string, name: string): number =>
      imports.findUndeclaredPackages([parseSource(path, imported(name))], manifest).length;
    const refused = [check("gateway/a.ts", "left-pad"), check("gateway/a.ts", "vitest")];
    expect([...refused, check("test/a.ts", "left-pad")]).toEqual([1, 1, 1]);
    const own = ["pg/lib/x", "node:fs", "peer"].map((name) => check("gateway/a.ts", name));
    expect([...own, check("test/a.ts", "vitest")]).toEqual([0, 0, 0, 0]);
  });

  it("on names refuses drawers and other cases", () => {
    const bad = ["gateway/utils/a.ts", "schema/helpers.ts", "schema/readThing.ts", "schema/read_thing.ts"];
    expect(shape.findBadNames(bad)).toHaveLength(bad.length);
    const good = [
      "gateway/plan/read-thing.ts",
      "test/a.test.ts",
      "subgraphs/signals/migrations/0001-initial.ts",
    ];
    expect(shape.findBadNames(good)).toEqual([]);
  });

  it("on folders counts files and folders, but not the rooms", () => {
    const full = Array.from({ length: 16 }, (_, index) => `schema/a${index}.ts`);
    expect(shape.findFullFolders(full)).toEqual([]);
    expect(shape.findFullFolders([...full, "schema/deep/b.ts"])).toEqual([
      "schema/ has 17 entries, more than 16",
    ]);
    expect(shape.findFullFolders(Array.from({ length: 20 }, (_, index) => `room${index}/a.ts`))).toEqual([]);
  });

  it("says where", () => {
    const file = parseSource("schema/a.ts", "\n\nlet a: any;");
    expect(shape.findAny([file])).toEqual(["schema/a.ts:3 says `any`"]);
  });
});
