import { expect, it } from "vitest";
import { ConfigError } from "../../../../foundation/config.js";
import { readGatewaySettings } from "../../../../gateway/process/settings.js";

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readGatewaySettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
};

it("trusts no document and requires none where nothing is set", () => {
  expect(readGatewaySettings({})).toMatchObject({ documents: undefined, documentsRequired: [] });
});

it("reads a place and the clients that must", () => {
  const environment = { XINQIAO_DOCUMENTS: "documents.json", XINQIAO_DOCUMENTS_REQUIRED: "bank-a, bank-b" };
  expect(readGatewaySettings(environment)).toMatchObject({
    documents: "documents.json",
    documentsRequired: ["bank-a", "bank-b"],
  });
  expect(problemsOf({ ...environment, XINQIAO_DOCUMENTS_REQUIRED: "*" })).toEqual([]);
});

it("starts with nobody shut out by a setting that is half there", () => {
  expect(problemsOf({ XINQIAO_DOCUMENTS_REQUIRED: "bank-a" })).toEqual([
    expect.stringContaining("XINQIAO_DOCUMENTS_REQUIRED needs XINQIAO_DOCUMENTS"),
  ]);
  expect(problemsOf({ XINQIAO_DOCUMENTS: "d.json", XINQIAO_DOCUMENTS_REQUIRED: "*,bank-a" })).toEqual([
    expect.stringContaining("* or names clients"),
  ]);
});
