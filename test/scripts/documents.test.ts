import type { TrustedDocument } from "../../gateway/receive/documents/trusted-documents.js";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../foundation/tokens.js";
import { writeManifest } from "../../scripts/compose/documents/write-manifest.js";
import { readSources } from "../../gateway/receive/documents/read-sources.js";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLES = path.join(TOP, "docs/examples/documents");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "manifest-"));
});
afterAll(async () => rm(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = ["--import", "tsx", "scripts/compose/documents/build-manifest.ts", ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: TOP });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describe("npm run documents", () => {
  it("explains itself", async () => {
    expect(await run("--help")).toMatchObject({ code: 0, out: expect.stringContaining("npm run documents") });
  });

  it("writes a manifest that a gateway reads, says the ids, and finds the committed example to be the same", async () => {
    const text = await readFile(path.join(EXAMPLES, "unified-profile.graphql"), "utf8");
    const out = path.join(folder, "manifest.json");
    const committed = path.join(TOP, "docs/examples/documents.json");
    const { code, out: said } = await run(EXAMPLES, "--out", out, "--check", committed);
    expect([code, said]).toEqual([0, `sha256:${sha256Hex(text)}  query UnifiedProfile\n`]);
    expect((await readSources(out)).map((source) => source.text)).toEqual([text]);
  }, 60_000);

  it("writes none when a document cannot be trusted, and says which and why", async () => {
    const bad = path.join(folder, "bad.graphql");
    await writeFile(bad, "{ me { nope } }");
    const out = path.join(folder, "never.json");
    const { code, err } = await run(folder, "--out", out);
    expect([code, err.includes(`${bad}: it is not valid`)]).toEqual([1, true]);
    await expect(readFile(out)).rejects.toThrow();
  }, 60_000);

  it("is not content with a manifest of other documents", async () => {
    const other = path.join(folder, "other.json");
    await writeFile(other, "{}\n");
    expect(await run(EXAMPLES, "--check", other)).toMatchObject({ code: 1 });
  }, 60_000);
});

it("a manifest in Apollo's format is read as the same documents", async () => {
  const text = "mutation Give { __typename }";
  const trusted = {
    id: sha256Hex(text),
    text,
    document: parse(text),
    operationName: "Give",
  } as TrustedDocument;
  const file = path.join(folder, "apollo.json");
  await writeFile(file, writeManifest([trusted], "apollo"));
  expect((await readSources(file)).map(({ id, text: read }) => [id, read])).toEqual([[trusted.id, text]]);
  expect(JSON.parse(await readFile(file, "utf8")).operations).toEqual([
    { id: trusted.id, name: "Give", type: "mutation", body: text },
  ]);
});
