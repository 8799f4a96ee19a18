import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJsonObject } from "../../../foundation/tokens/read-json.js";

const read = (text: string, depthMax = 12) => readJsonObject(Buffer.from(text), depthMax);

describe("reading a JSON object", () => {
  it.each([
    ["an empty one", "{}"],
    ["white space everywhere", ' \n{\t"a" :\r\n[ 1 , { "b" : null } ] } '],
    ["a name that is a value elsewhere", '{"a":"b","b":"a"}'],
    ["one name in several objects", '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}'],
    ["names in strings", '{"a":"{\\"a\\":1,\\"a\\":2}","b":"__proto__"}'],
    ["a string before something like a colon", '{"a":["b",":","c"]}'],
    ["escaped quotes and backslashes", '{"a\\"":1,"a\\\\":2,"a":3}'],
    ["names that only look alike", '{"__proto_":1,"Constructor":2,"a":3,"A":4}'],
    ["brackets in strings", `{"a":"${"[".repeat(50)}"}`],
  ])("takes %s as the parser does", (_what, text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ["a name twice", '{"a":1,"a":1}'],
    ["a name twice, once escaped", '{"a":1,"\\u0061":2}'],
    ["a name twice, far apart", `{"a":1,"b":{"c":[1,2,{"d":"a"}]},"a":2}`],
    ["a name twice, deep down", '{"a":[[{"b":1,"b":2}]]}'],
    ["a name twice around an object", '{"a":{"b":1},"a":{"c":1}}'],
    ["an empty name twice", '{"":1,"":2}'],
    ["a name twice with white space before its colon", '{"a":1,"a"\n\t :2}'],
    ["__proto__", '{"__proto__":{}}'],
    ["__proto__, escaped", '{"\\u005F\\u005fproto__":{}}'],
    ["constructor, deep down", '{"a":[{"constructor":1}]}'],
    ["prototype", '{"prototype":null}'],
    ["a list", "[]"],
    ["null", "null"],
    ["a text", '"a"'],
    ["nothing", ""],
    ["two objects", "{}{}"],
    ["a comma at the end", '{"a":1,}'],
    ["single quotes", "{'a':1}"],
    ["NaN", '{"a":NaN}'],
    ["a line break in a string", '{"a":"\n"}'],
    ["a string without its end", '{"a":"'],
    ["a byte order mark", "\ufeff{}"],
    ["13 levels", `{"a":${"[".repeat(12)}${"]".repeat(12)}}`],
  ])("refuses %s", (_what, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ name: "JsonRefused" }));
  });

  it.each([
    ["half a character", [0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d]],
    ["an overlong slash", [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ["half a surrogate pair", [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ["UTF-16", [0x7b, 0x00, 0x7d, 0x00]],
  ])("refuses bytes that are %s", (_what, bytes) => {
    expect(() => readJsonObject(Uint8Array.from(bytes), 12)).toThrow(
      expect.objectContaining({ name: "JsonRefused" }),
    );
  });

  it("takes exactly the texts that say each name once, as a reader of its own finds", () => {
    // Values in which names collide often, written with their members as a list so that a name can stand twice.
    const name = fc.constantFrom("a", "b", "\u00e9", "constructor", "__proto__", '"', "\\", ":");
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Tree>(1, "a", ':"', null),
        fc.array(tie("tree"), { maxLength: 3 }).map((items): Tree => ({ items })),
        fc.array(fc.tuple(name, tie("tree")), { maxLength: 3 }).map((members): Tree => ({ members })),
      ),
    }));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tree), { maxLength: 4 }), (members) => {
        const text = write({ members });
        if (isMeant({ members })) expect(read(text, 30)).toEqual(JSON.parse(text));
        else expect(() => read(text, 30)).toThrow(expect.objectContaining({ name: "JsonRefused" }));
      }),
      { numRuns: 3_000 },
    );
  });
});

type Tree = number | string | null | { items: Tree[] } | { members: [string, Tree][] };

function write(tree: Tree): string {
  if (typeof tree !== "object" || tree === null) return JSON.stringify(tree);
  if ("items" in tree) return `[${tree.items.map(write).join(" , ")}]`;
  return `{ ${tree.members.map(([name, value]) => `${JSON.stringify(name)} : ${write(value)}`).join(",")} }`;
}

function isMeant(tree: Tree): boolean {
  if (typeof tree !== "object" || tree === null) return true;
  if ("items" in tree) return tree.items.every(isMeant);
  const names = tree.members.map(([name]) => name);
  const isBad = names.some((name) => name === "constructor" || name === "__proto__");
  return !isBad && new Set(names).size === names.length && tree.members.every(([, value]) => isMeant(value));
}
