import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../support/actors.js";
import { type LyingBureau, smuggleBob, startLyingBureau } from "./scenarios/rogue-subgraph.js";

let lying: LyingBureau;
beforeAll(async () => {
  lying = await startLyingBureau();
});
afterAll(async () => lying.bureau.close());

describe("S1: a subgraph that sends what it should not", () => {
  it("S1 brings no other merchant's values into an answer, by row, entity, type, category or error", async () => {
    expect(await smuggleBob(lying)).toEqual([]);
  });

  it("S1 costs the merchant that it mixed up, and says on its path that a source failed", async () => {
    lying.lie("merchants", (honest) => ({
      data: {
        merchants: [
          { ...(honest.data?.["merchants"] as object[] | undefined)?.[0], id: "91990100MA0000Q9X1" },
        ],
      },
    }));
    const reply = await lying.portfolio("id identity { legalName }");
    expect(reply.data).toEqual({ merchants: [null, null] });
    expect(reply.errors.map(({ path, extensions }) => [path, extensions["code"]])).toEqual([
      [["merchants", 1], "CONSENT_REQUIRED"],
      [["merchants", 0], "SOURCE_UNAVAILABLE"],
    ]);
  });

  it("S1 costs an entity of another merchant, and the others' fields stand", async () => {
    lying.lie("signals", () => ({
      data: { _entities: [{ id: "someone", reviews: { reviewCount: { value: 9 } } }] },
    }));
    const reply = await lying.alice("id identity { legalName } reviews { reviewCount { value } }");
    expect(reply.data.merchant).toEqual({
      id: ALICE,
      identity: { legalName: "Alice Trading" },
      reviews: null,
    });
    expect(reply.errors.map(({ path, extensions }) => [path, extensions["code"]])).toEqual([
      [["merchant"], "SOURCE_UNAVAILABLE"],
    ]);
  });

  it("S1 cannot say who a merchant is", async () => {
    lying.lie("merchants", (honest) => ({
      data: { merchant: { ...(honest.data?.["merchant"] as object), code: "Bob" } },
    }));
    expect((await lying.alice("code: id")).data).toEqual({ merchant: { code: ALICE } });
  });

  it("S1 cannot smuggle members, prototypes or error texts into the answer", async () => {
    lying.lie("merchants", () => ({
      data: JSON.parse(
        `{"merchant":{"__typename":"Merchant","id":"${ALICE}","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"extra":"secret","identity":{"legalName":"A","extra":"secret"}}}`,
      ),
      errors: [
        {
          message: "secret at http://10.0.0.1",
          path: ["merchant"],
          extensions: { code: "WHATEVER", stack: "secret" },
        },
      ],
      extensions: { ftv1: "secret", tracing: { secret: "x".repeat(100_000) } },
    }));
    const reply = await lying.alice("id identity { legalName }");
    expect(reply.data).toEqual({ merchant: { id: ALICE, identity: { legalName: "A" } } });
    expect(JSON.stringify(reply)).not.toContain("secret");
    expect(Object.keys(reply.extensions).toSorted()).toEqual(["cost", "inquiries"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("S1 costs its own fields only when it does not answer, and the others stand", async () => {
    lying.lie("signals", () => new Promise(() => {}));
    const reply = await lying.alice("id identity { legalName } reviews { reviewCount { value } }");
    expect(reply.data.merchant).toEqual({
      id: ALICE,
      identity: { legalName: "Alice Trading" },
      reviews: null,
    });
    const failed = reply.errors.filter((error) => error.extensions["code"] === "SOURCE_UNAVAILABLE");
    expect(failed.map((error) => error.path)).toEqual([["merchant", "reviews"]]);
    expect(JSON.stringify(reply)).not.toContain("signals");
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["text", "<html>"],
    ["a number", 7],
    ["a list", [{ data: {} }]],
    ["an empty object", {}],
    ["data of text", { data: "secret" }],
    ["data of lists", { data: [] }],
    ["errors that are none", { data: null, errors: "secret" }],
    ["errors of nothing", { data: null, errors: [null, 7, { path: [{}] }] }],
    ["entities that are none", { data: { _entities: { 0: { id: ALICE } } } }],
    ["entities of text", { data: { _entities: ["secret"] } }],
  ])("S1 costs its own fields only when it answers with %s", async (_what, answer) => {
    lying.lie("signals", () => answer);
    const reply = await lying.alice("id identity { legalName } reviews { reviewCount { value } }");
    expect(reply.status).toBe(200);
    expect(reply.data.merchant).toEqual({
      id: ALICE,
      identity: { legalName: "Alice Trading" },
      reviews: null,
    });
    expect(reply.errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(reply)).not.toContain("secret");
  });

  it("S1 tells at most a thousand errors, and none below what is withheld", async () => {
    const error = { message: "", path: ["merchants", 1, "identity"], extensions: { code: "NOT_FOUND" } };
    const pathless = { message: "", extensions: { code: "NOT_FOUND" } };
    lying.lie("merchants", () => ({
      data: { merchants: [null] },
      errors: [error, ...Array.from({ length: 5_000 }, () => pathless)],
    }));
    const reply = await lying.portfolio("id identity { legalName }");
    expect(reply.errors.length).toBeLessThanOrEqual(1_002);
    expect(reply.errors.filter(({ path }) => path?.[1] === 1)).toHaveLength(1);
  });
});
