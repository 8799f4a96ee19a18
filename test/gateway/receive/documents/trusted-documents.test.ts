import type { GraphQLSchema } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../../../foundation/config.js";
import { sha256Hex } from "../../../../foundation/tokens.js";
import { readSources } from "../../../../gateway/receive/documents/read-sources.js";
import {
  createTrustedDocuments,
  type DocumentReading,
  trustDocument,
} from "../../../../gateway/receive/documents/trusted-documents.js";
import { OPERATION_LIMITS } from "../../../../gateway/receive/limits.js";
import { BureauError } from "../../../../schema/errors.js";
import { readApiSchema } from "../../../support/api-schema.js";

let schema: GraphQLSchema;
let reading: DocumentReading;

beforeAll(async () => {
  schema = await readApiSchema();
  reading = { schema, limits: OPERATION_LIMITS, introspection: false };
});

const ME = "query Me { me { id } }";
const source = (text: string) => ({ id: sha256Hex(text), text, from: "a test" });
const TYPES = '{ __type(name: "Merchant") { name } }';

describe("a document", () => {
  it("is trusted when it is valid and within the limits, and read once", () => {
    expect(trustDocument(source(ME), reading)).toMatchObject({
      id: sha256Hex(ME),
      text: ME,
      operationName: "Me",
      document: { kind: "Document" },
    });
  });

  it.each([
    ["that is not GraphQL", "{ me {", /^it cannot be read: .*\(line 1, column 7\)$/],
    ["that the schema has not", "{ me { nope } }", /^it is not valid against the schema: .*nope/],
    ["of two operations", "query A { me { id } } query B { me { id } }", /^it holds 2 operations/],
    ["of no operation", "fragment F on Merchant { id }", /^it holds 0 operations/],
    ["that subscribes", "subscription S { me { id } }", /^it is a subscription/],
    ["that is too deep", `{ ${"me { ".repeat(20)} id ${"}".repeat(20)} }`, /^OPERATION_TOO_DEEP, /],
    ["of 4,001 tokens", `{ me { ${"id ".repeat(4_000)} } }`, /^OPERATION_TOO_LARGE, /],
    [
      "of 200 aliases",
      `{ me { ${Array.from({ length: 200 }, (_, i) => `a${i}: id`).join(" ")} } }`,
      /^OPERATION_TOO_MANY_ALIASES/,
    ],
    ["that introspects, where that is closed", TYPES, /^it is not valid against the schema: .*introspection/],
    ["with a fragment that nothing uses", `${ME} fragment F on Merchant { id }`, /never used/],
  ])("%s is not", (_what, text, why) => {
    expect(trustDocument(source(text), reading)).toMatch(why);
  });

  it("that introspects is trusted where introspection is open", () => {
    expect(trustDocument(source(TYPES), { ...reading, introspection: true })).toMatchObject({ text: TYPES });
  });
});

describe("the documents of a start", () => {
  it("are refused as a whole when one is wrong, each with its place and reason", () => {
    const bad = [
      source(ME),
      { ...source("{ me {"), from: "one.graphql" },
      { ...source("{ x }"), from: "two.graphql" },
    ];
    const start = (): unknown => createTrustedDocuments(bad, [], reading);
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(/one\.graphql: it cannot be read[^]*two\.graphql: it is not valid/);
  });

  it("are found by id, under their own name or none", () => {
    const documents = createTrustedDocuments([source(ME)], [], reading);
    expect(documents.find(sha256Hex(ME), undefined).text).toBe(ME);
    expect(documents.find(sha256Hex(ME), "Me").text).toBe(ME);
    for (const [id, name, code] of [
      [sha256Hex(ME), "Other", "BAD_USER_INPUT"],
      [sha256Hex(ME), "", "BAD_USER_INPUT"],
      [sha256Hex("x"), undefined, "PERSISTED_DOCUMENT_NOT_FOUND"],
      ["constructor", undefined, "PERSISTED_DOCUMENT_NOT_FOUND"],
    ] as const) {
      const find = (): unknown => documents.find(id, name);
      expect(find).toThrow(BureauError);
      expect(find).toThrow(expect.objectContaining({ code }));
    }
  });

  it("are required of the clients that are named, of all where * stands, of nobody otherwise", () => {
    const of = (...clients: string[]) => createTrustedDocuments([source(ME)], clients, reading);
    expect([of().isRequiredOfAny, of("a").isRequiredOfAny, of("*").isRequiredOfAny]).toEqual([
      false,
      true,
      true,
    ]);
    expect(["a", "b", "A", "*"].map((client) => of("a").isRequiredOf(client))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(["a", "b"].map((client) => of("*").isRequiredOf(client))).toEqual([true, true]);
    expect(["a", "*"].map((client) => of().isRequiredOf(client))).toEqual([false, false]);
  });

  it("that are shipped as an example can be trusted", async () => {
    const file = new URL("../../../../docs/examples/documents.json", import.meta.url).pathname;
    const [example, ...others] = await readSources(file);
    expect(others).toEqual([]);
    expect(trustDocument(example ?? source(""), reading)).toMatchObject({ operationName: "UnifiedProfile" });
  });
});
