import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchSupergraph } from "../../gateway/process/engine/generations.js";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { ALICE, bankToken, grant, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

const ASK = `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } } }`;

let folder: string;
let file: string;
let whole: string;
let bureau: TestBureau;
let token: string;
/** Where set, the subgraphs wait for it. */
let held: Promise<void> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-reload-"));
  file = path.join(folder, "supergraph.graphql");
  await copyFile(SUPERGRAPH_FILE, file);
  whole = await readFile(file, "utf8");
  const subgraph = (real: Subgraph): Subgraph => ({
    ...real,
    execute: async (request) => {
      await held;
      return real.execute(request);
    },
  });
  bureau = await startTestBureau({ settings: { supergraphFile: file }, seams: { subgraph } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { categories: ["IDENTITY"] });
  token = await bankToken(bureau);
});
afterAll(async () => {
  await bureau.close();
  await rm(folder, { recursive: true, force: true });
});

/** The supergraph without `Identity.legalName`. */
function withoutName(): string {
  const text = whole.replace(/^ {2}legalName: String[^\n]*\n/m, "");
  expect(text).not.toBe(whole);
  return text;
}

async function put(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe("a supergraph that is replaced", () => {
  it("serves the next operation, while those in flight finish on the one they began on", async () => {
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    const inFlight = bureau.graphql(token, ASK);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await put(withoutName());
    const before = bureau.gateway.generations.current;
    const after = await bureau.gateway.generations.reload();
    expect(after.id).not.toBe(before.id);
    release();
    held = undefined;
    expect((await inFlight).data.merchant.identity.legalName).toBe("Alice Trading");
    const next = await bureau.graphql(token, ASK);
    expect(next.status).toBe(400);
    expect(next.errors[0]?.extensions["code"]).toBe("GRAPHQL_VALIDATION_FAILED");
    await put(whole);
    await bureau.gateway.generations.reload();
    expect((await bureau.graphql(token, ASK)).data.merchant.identity.legalName).toBe("Alice Trading");
  });

  it.each([
    ["is no GraphQL", () => "type Query {"],
    [
      "has a root without a rule",
      () => whole.replace(/(merchant\([\s\S]*?\): Merchant[^\n]*?) @policy\([^\n]*/, "$1"),
    ],
    [
      "names a subgraph that has no place",
      () => whole.replace('@join__graph(name: "signals"', '@join__graph(name: "elsewhere"'),
    ],
    ["is empty", () => ""],
  ])("is refused where it %s, and the old one stays", async (_what, text) => {
    const { id } = bureau.gateway.generations.current;
    expect(text()).not.toBe(whole);
    await put(text());
    await expect(bureau.gateway.generations.reload()).rejects.toThrow();
    expect(bureau.gateway.generations.current.id).toBe(id);
    expect((await bureau.graphql(token, ASK)).data.merchant.identity.legalName).toBe("Alice Trading");
    await put(whole);
    await bureau.gateway.generations.reload();
  });

  it("is noticed when its file changes, written in place or renamed over", async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    watchSupergraph(file, bureau.gateway.generations, {
      signal: stop.signal,
      onError: (error) => seen.push(error),
    });
    const changed = (): Promise<string> =>
      new Promise((resolve) => {
        const off = bureau.gateway.generations.onChange(({ id }) => {
          if (id !== known) resolve((off?.(), id));
        });
      });
    let known = bureau.gateway.generations.current.id;
    let next = changed();
    await put(withoutName());
    known = await next;
    next = changed();
    await writeFile(file, whole);
    expect(await next).not.toBe(known);
    await put("type Query {");
    await expect.poll(() => seen.length, { timeout: 5_000 }).toBe(1);
    stop.abort();
    await put(whole);
  });
});
