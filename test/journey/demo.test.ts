import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";

const TOP = path.resolve(import.meta.dirname, "../..");

function run(words: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", ...words], { cwd: TOP });
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    child.stderr.on("data", (data: Buffer) => (text += data.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, text }));
  });
}

describe("npm run demo", () => {
  it("tells the story with real answers, from refused to granted to revoked, and exits 0", async () => {
    const { code, text } = await run(["scripts/demo.ts"]);
    expect(code).toBe(0);
    const steps = text.split(/^(?=\d\. )/m).slice(1);
    expect(steps).toHaveLength(8);
    expect(steps[0]).toContain('"rejected": 2');
    expect(steps[1]).toContain("CONSENT_REQUIRED");
    expect(steps[3]).toContain('"ACTIVE"');
    expect(steps[4]).toContain("Willow Tea House");
    expect(steps[4]).toContain("SCOPE_NOT_CONSENTED");
    expect(steps[6]).toContain("CONSENT_REVOKED");
    expect(steps[6]).not.toContain("Willow Tea House");
    expect(steps[7]).toContain("PART_GRANTED");
  }, 60_000);
});

describe("commands a person runs", () => {
  it.each([
    ["scripts/issuer/token.ts", "--headers"],
    ["scripts/issuer/client.ts", "--jwks"],
    ["scripts/issuer/account.ts", "--password-file"],
    ["scripts/issuer/keys.ts", "rotate"],
    ["scripts/compose.ts", "schema/generated"],
    ["scripts/docs.ts", "docs/errors.md"],
    ["scripts/migrate.ts", "npm run migrate"],
    ["scripts/demo.ts", "npm run demo"],
    ["scripts/prove-revocation.ts", "--seeds"],
    ["scripts/publish-feed.ts", "--kind"],
    ["scripts/import-olist.ts", "--url"],
    ["scripts/import-tmall.ts", "--url"],
    ["subgraphs/serve.ts", "XINQIAO_SUBGRAPH_URLS"],
    ["gateway/main.ts", "--check-config"],
  ])("%s --help explains itself and exits 0", async (file, words) => {
    const { code, text } = await run([file, "--help"]);
    expect(code).toBe(0);
    expect(text).toContain(words);
  });
});
