import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../../../foundation/config.js";
import { sha256Hex } from "../../../../foundation/tokens.js";
import { readSources } from "../../../../gateway/receive/documents/read-sources.js";

const ME = "{ me { id } }";
const YOU = "query You { me { identity { legalName } } }";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "documents-"));
});
afterEach(async () => rm(folder, { recursive: true }));

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

async function problemsOf(place: string): Promise<readonly string[]> {
  const failed: unknown = await readSources(place).then(
    () => undefined,
    (error: unknown) => error,
  );
  return failed instanceof ConfigError ? failed.problems : [`no ConfigError: ${String(failed)}`];
}

const manifest = (entries: object): Promise<string> => put("manifest.json", JSON.stringify(entries));
const apollo = (operations: unknown, over: object = {}): Promise<string> =>
  manifest({ format: "apollo-persisted-query-manifest", version: 1, operations, ...over });

describe("trusted documents", () => {
  it("are the .graphql and .gql files of a folder, each under the hash of the file as it lies there", async () => {
    await put("a.graphql", `${ME}\n`);
    await put("below/b.gql", `\uFEFF${YOU}`);
    await put("README.md", "not one of them");
    const sources = await readSources(folder);
    expect(sources.map(({ id, text }) => [id, text])).toEqual([
      [sha256Hex(`${ME}\n`), `${ME}\n`],
      [sha256Hex(`\uFEFF${YOU}`), `\uFEFF${YOU}`],
    ]);
    expect(sources[0]?.from).toBe(path.join(folder, "a.graphql"));
  });

  it("are the pairs of a manifest, with the prefix of the id or without", async () => {
    const file = await manifest({ [sha256Hex(ME)]: ME, [`sha256:${sha256Hex(YOU)}`]: YOU });
    expect((await readSources(file)).map(({ id, text }) => [id, text])).toEqual([
      [sha256Hex(ME), ME],
      [sha256Hex(YOU), YOU],
    ]);
  });

  it("are the operations of Apollo's manifest", async () => {
    const file = await apollo([{ id: sha256Hex(YOU), name: "You", type: "query", body: YOU }]);
    expect((await readSources(file)).map(({ id, text }) => [id, text])).toEqual([[sha256Hex(YOU), YOU]]);
  });

  it.each([
    [
      "a text that is not the id's",
      { [sha256Hex(ME)]: YOU },
      /not the SHA-256 of its text, which is [0-9a-f]{64}$/,
    ],
    ["a text with a line's end more", { [sha256Hex(ME)]: `${ME}\n` }, /not the SHA-256/],
    ["an id of another hash", { "5d41402abc4b2a76b9719d911017c592": ME }, /not 64 lower-case/],
    ["an id in capitals", { [sha256Hex(ME).toUpperCase()]: ME }, /not 64 lower-case/],
    ["a text that is none", { [sha256Hex(ME)]: { query: ME } }, /not a string/],
    ["half a character", { [sha256Hex("\uD800")]: "\uD800" }, /not well-formed Unicode/],
    ["an id twice", { [sha256Hex(ME)]: ME, [`sha256:${sha256Hex(ME)}`]: ME }, /stands there twice/],
  ])("do not hold %s, and are told which one", async (_what, entries, problem) => {
    const file = await manifest(entries);
    const problems = await problemsOf(file);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems[0]).toContain(`${file}, document "`);
  });

  it("are refused with every problem at once", async () => {
    const file = await manifest({ x: ME, y: YOU, [sha256Hex(ME)]: ME });
    expect(await problemsOf(file)).toHaveLength(2);
  });

  it.each([
    ["no JSON", "{", "it is not JSON"],
    ["a list", "[]", "a manifest is a JSON object"],
    ["nothing", "{}", "it holds no documents"],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "it is not UTF-8"],
  ])("are not %s", async (_what, content, problem) => {
    const file = await put("m.json", content);
    expect(await problemsOf(file)).toEqual([`${file}: ${problem}`]);
  });

  it("are not in a place that is not there, nor in a folder without any", async () => {
    const nowhere = path.join(folder, "nowhere");
    expect(await problemsOf(nowhere)).toEqual([`${nowhere}: there is no such file or folder`]);
    expect(await problemsOf(folder)).toEqual([`${folder}: it holds no documents`]);
  });

  it("are not of another manifest's version, nor of operations without id and body", async () => {
    expect(await problemsOf(await apollo([], { version: 2 }))).toEqual([
      expect.stringContaining("version 1"),
    ]);
    expect(await problemsOf(await apollo({}))).toEqual([expect.stringContaining("a list of operations")]);
    expect(await problemsOf(await apollo([null]))).toEqual([expect.stringContaining("not 64 lower-case")]);
  });
});
