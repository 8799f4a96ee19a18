import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as imports from "./tidy/imports.js";
import * as shape from "./tidy/shape.js";
import { readHouse } from "./tidy/source-files.js";
import * as words from "./tidy/words.js";

const TOP = fileURLToPath(new URL("..", import.meta.url));

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

describe("the house", () => {
  const files = readHouse(TOP);
  const paths = files.map((file) => file.path);
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Manifest;

  it("is looked at whole", () => {
    for (const room of ["gateway", "subgraphs", "schema", "foundation", "scripts", "test"]) {
      expect(
        paths.some((path) => path.startsWith(`${room}/`)),
        room,
      ).toBe(true);
    }
  });

  it("has imports in the allowed directions only", () => {
    expect(imports.findWrongDirections(files)).toEqual([]);
  });

  it("has packages in the rooms that may know them only", () => {
    expect(imports.findWrongPackages(files)).toEqual([]);
  });

  it("declares every package it imports", () => {
    expect(imports.findUndeclaredPackages(files, manifest)).toEqual([]);
  });

  it("has no circles of imports, types included", () => {
    expect(imports.findCycles(files)).toEqual([]);
  });

  it("has no file that nobody imports", () => {
    expect(imports.findOrphans(files)).toEqual([]);
  });

  it("has kebab-case names and no drawers", () => {
    expect(shape.findBadNames(paths)).toEqual([]);
  });

  it("has no file of more than 300 lines", () => {
    expect(shape.findLongFiles(files)).toEqual([]);
  });

  it("has no folder of more than 16 entries", () => {
    // A room of tests fills up with its subjects; what it mirrors is bounded already.
    expect(shape.findFullFolders(paths.filter((path) => !path.startsWith("test/")))).toEqual([]);
  });

  it("has no function of more than 60 lines", () => {
    expect(shape.findLongFunctions(files)).toEqual([]);
  });

  it("has no function of more than four positional parameters", () => {
    expect(shape.findManyParameters(files)).toEqual([]);
  });

  it("has no default export and no export of everything", () => {
    expect(shape.findBadExports(files)).toEqual([]);
  });

  it("never says any", () => {
    // Tests look into answers freely; a wrong path is a failing test.
    expect(shape.findAny(files.filter((file) => !file.path.startsWith("test/")))).toEqual([]);
  });

  it("explains every function that the ground floor and the contract export", () => {
    expect(shape.findUndocumented(files)).toEqual([]);
  });

  it("asks the machine for time, luck, settings and output in few places only", () => {
    expect(words.findMachineReads(files)).toEqual([]);
  });

  it("has no test that cannot be repeated", () => {
    expect(words.findUnseededTests(files)).toEqual([]);
  });

  it("has no loose end without a number", () => {
    expect(words.findLooseEnds(files)).toEqual([]);
  });

  it("has no hidden characters, and Chinese only where the law or the content is", () => {
    expect(words.findForeignCharacters(files)).toEqual([]);
  });

  it("has no path of one machine", () => {
    expect(words.findMachinePaths(files)).toEqual([]);
  });
});
