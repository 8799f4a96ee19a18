import { parse, Kind, type OperationDefinitionNode } from "graphql";
import { describe, expect, it } from "vitest";
import { createReceive, type GraphQLForm } from "../../../gateway/receive/index.js";
import { OPERATION_LIMITS } from "../../../gateway/receive/limits.js";
import { measureOperation } from "../../../gateway/receive/measure-operation.js";
import { BureauError } from "../../../schema/errors.js";

const { form, text } = createReceive(OPERATION_LIMITS);

function receive(body: unknown): GraphQLForm {
  const received = form(body);
  if ("query" in received) text(received.query);
  return received;
}

function codeOf(body: unknown): string {
  try {
    receive(body);
    return "OK";
  } catch (error) {
    return error instanceof BureauError ? error.code : `unexpected ${String(error)}`;
  }
}

function nestedSpreads(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on Merchant { ...F${i + 1} ...F${i + 1} }`,
  );
  return `query { me { ...F0 } } ${fragments.join(" ")} fragment F${levels} on Merchant { id }`;
}

describe("receive (P13)", () => {
  it("admits an ordinary request and returns its parts", () => {
    expect(receive({ query: "{ me { id } }", variables: { a: 1 } })).toMatchObject({
      query: "{ me { id } }",
      variables: { a: 1 },
    });
  });

  it("admits the id of a document, and returns its hash", () => {
    expect(receive({ documentId: `sha256:${"0a".repeat(32)}`, variables: { a: 1 } })).toEqual({
      documentId: "0a".repeat(32),
      variables: { a: 1 },
      operationName: undefined,
    });
  });

  it.each([
    ["a batch", [{ query: "{ me { id } }" }], "OPERATION_NOT_ALLOWED"],
    ["no body", null, "BAD_USER_INPUT"],
    ["no query", {}, "BAD_USER_INPUT"],
    ["an empty query", { query: "" }, "BAD_USER_INPUT"],
    ["an unknown member", { query: "{ me { id } }", id: "1" }, "BAD_USER_INPUT"],
    ["a list of variables", { query: "{ me { id } }", variables: [] }, "BAD_USER_INPUT"],
    [
      "a persisted query",
      { query: "{ me { id } }", extensions: { persistedQuery: {} } },
      "OPERATION_NOT_ALLOWED",
    ],
    ["a persisted query without its text", { extensions: { persistedQuery: {} } }, "OPERATION_NOT_ALLOWED"],
    [
      "an id and a text",
      { query: "{ me { id } }", documentId: `sha256:${"0".repeat(64)}` },
      "BAD_USER_INPUT",
    ],
    ["an id without its prefix", { documentId: "0".repeat(64) }, "BAD_USER_INPUT"],
    ["an id in capitals", { documentId: `sha256:${"A".repeat(64)}` }, "BAD_USER_INPUT"],
    ["an id of another kind", { documentId: `md5:${"0".repeat(64)}` }, "BAD_USER_INPUT"],
    ["an id with more after it", { documentId: `sha256:${"0".repeat(64)}\n` }, "BAD_USER_INPUT"],
    ["an id that is a list", { documentId: [`sha256:${"0".repeat(64)}`] }, "BAD_USER_INPUT"],
    [
      "an id with too many variables",
      { documentId: `sha256:${"0".repeat(64)}`, variables: { x: Array.from({ length: 3_000 }, () => 1) } },
      "OPERATION_TOO_LARGE",
    ],
    [
      "200 aliases",
      { query: `{ ${Array.from({ length: 90 }, (_, i) => `a${i}: me { b: id }`).join(" ")} }` },
      "OPERATION_TOO_MANY_ALIASES",
    ],
    ["101 root fields", { query: `{ ${"me { id } ".repeat(101)} }` }, "OPERATION_TOO_LARGE"],
    ["a deep nest", { query: `{ ${"me { ".repeat(20)} id ${"}".repeat(20)} }` }, "OPERATION_TOO_DEEP"],
    ["too many tokens", { query: `{ ${"id ".repeat(5_000)} }` }, "OPERATION_TOO_LARGE"],
    ["too long a source", { query: `{ id } #${"x".repeat(70_000)}` }, "OPERATION_TOO_LARGE"],
    ["a bomb of nested spreads", { query: nestedSpreads(40) }, "OPERATION_TOO_LARGE"],
    [
      "a cycle of fragments",
      { query: "{ me { ...A } } fragment A on Merchant { ...B } fragment B on Merchant { ...A }" },
      "OPERATION_TOO_LARGE",
    ],
    [
      "a flood of directives",
      { query: `{ me { id ${"@include(if: true) ".repeat(101)} } }` },
      "OPERATION_TOO_LARGE",
    ],
  ])("refuses %s", (_what, body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  it("counts a fragment at every place that spreads it", () => {
    const document = parse(
      "{ a: me { ...F } b: me { ...F } } fragment F on Merchant { id identity { legalName } }",
    );
    const operation = document.definitions.find(
      (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
    );
    expect(measureOperation(document, operation as OperationDefinitionNode)).toEqual({
      depth: 3,
      selections: 10,
      aliases: 2,
      directives: 0,
    });
  });
});
