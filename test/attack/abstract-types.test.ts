import { describe, expect, it } from "vitest";
import { readSupergraph } from "../../gateway/plan/index.js";
import { composeSupergraph } from "../../scripts/compose/compose-supergraph.js";
import { composeFacts, FACTS, startFacts } from "./scenarios/facts.js";

describe("A4: guarded types behind interfaces and unions, when answers are built", () => {
  it("A4 withholds an implementor's fields from whoever may see only the interface's field", async () => {
    const ask = await startFacts(["IDENTITY"]);
    const { data, errors } = await ask("facts { name ... on Sale { amount } ... on Word { stars } }");
    expect(JSON.stringify(data)).not.toMatch(/sale|word|7|5/);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(
      expect.arrayContaining(["SCOPE_NOT_CONSENTED"]),
    );
  });

  it("A4 tells implementors apart: one is open, its sibling closed, under one key and one fragment", async () => {
    const ask = await startFacts(["IDENTITY", "REVIEWS"]);
    const { data, errors } = await ask(
      "facts { x: name ... on Sale { y: amount } ... on Word { y: stars } } items { ... on Sale { name } ... on Word { name stars } __typename }",
    );
    expect(data.merchant.facts).toEqual([
      { x: null, y: null },
      { x: "word", y: 5 },
    ]);
    expect(data.merchant.items).toEqual([
      { name: null, __typename: "Sale" },
      { name: "word", stars: 5, __typename: "Word" },
    ]);
    expect(errors.map(({ path }) => path.join("."))).toEqual([
      "merchant.facts.0.x",
      "merchant.facts.0.y",
      "merchant.items.0.name",
    ]);
  });

  it("A4 withholds the list itself, types and number of rows and all, without its own category", async () => {
    const ask = await startFacts(["REVIEWS", "TRANSACTIONS"]);
    const { data } = await ask("facts { __typename ... on Word { stars } } items { __typename }");
    expect(data.merchant).toEqual({ facts: null, items: null });
  });

  it("A4 opens everything that is granted", async () => {
    const ask = await startFacts(["IDENTITY", "REVIEWS", "TRANSACTIONS"]);
    const { data, errors } = await ask("facts { name ... on Sale { amount } ... on Word { stars } }");
    expect(errors).toEqual([]);
    expect(data.merchant.facts).toEqual([
      { name: "sale", amount: 7 },
      { name: "word", stars: 5 },
    ]);
  });
});

describe("A4: supergraphs that a gateway does not serve", () => {
  const whole = composeFacts();

  it.each<readonly [string, (sdl: string) => string]>([
    [
      "whose root lost its rule",
      (sdl) => sdl.replace(/merchant\(([^)]*)\): Merchant [^\n]*/, "merchant($1): Merchant"),
    ],
    ["whose merchant's field lost its rule", (sdl) => sdl.replace(/facts: \[Fact\] [^\n]*/, "facts: [Fact]")],
    [
      "whose rules' link is gone",
      (sdl) => sdl.replace(/\s*@link\(url: "https:\/\/specs\.apollo\.dev\/policy[^)]*\)/, ""),
    ],
    ["whose rules came under another name", (sdl) => sdl.replaceAll("@policy(", "@rule(")],
    [
      "that links security which nobody here enforces",
      (sdl) =>
        sdl.replace(
          "schema",
          'schema @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)',
        ),
    ],
  ])("A4 refuses one %s", (_what, change) => {
    const changed = change(whole);
    expect(changed).not.toBe(whole);
    expect(() => readSupergraph(changed)).toThrow();
  });

  it("A4 is not composed in the first place: an interface's field must ask for what its types ask for", () => {
    expect(() => composeSupergraph([{ name: "facts", sdl: FACTS }])).toThrow(/Fact\.name opens Sale\.name/);
  });

  it("A4 serves the one whose rules are all there", () => {
    expect(readSupergraph(whole).subgraphs).toEqual(["facts"]);
  });
});
