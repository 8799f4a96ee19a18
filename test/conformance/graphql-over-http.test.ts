import { readFileSync } from "node:fs";
import { type AuditFail, type AuditResult, auditServer } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

/** What we decline, each justified in docs/graphql-over-http.md: whoever adds one here must say there why. */
const DECLINED = ["5A70", "6A70", "D6D5"];

let bureau: TestBureau;
let results: readonly AuditResult[];

beforeAll(async () => {
  // Several audits ask `__type` and expect an answer.
  bureau = await startTestBureau({ introspection: true });
  await publishTwoMerchants(bureau);
  const url = await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 });
  const token = await bureau.token({ party: "merchant", id: ALICE });
  const withToken: typeof fetch = (input, init = {}) => {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
    return fetch(input, { ...init, headers });
  };
  results = await auditServer({ url: `${url}/graphql`, fetchFn: withToken });
}, 60_000);
afterAll(async () => bureau.close());

const failures = (status: AuditFail["status"]): readonly string[] =>
  results.flatMap((result) =>
    result.status === status ? [`${result.id} ${result.name}: ${result.reason}`] : [],
  );

describe("GraphQL over HTTP, as graphql-http audits it", () => {
  it("is audited whole", () => {
    expect(results.length).toBeGreaterThanOrEqual(60);
    expect(results.filter(({ status }) => status === "ok").length).toBe(results.length - DECLINED.length);
  });

  it("has no error and no warning", () => {
    expect(failures("error")).toEqual([]);
    expect(failures("warn")).toEqual([]);
  });

  it("has three notices, by decision, each with its reason in the docs", () => {
    const ids = failures("notice").map((text) => text.slice(0, 4));
    expect(ids.sort()).toEqual(DECLINED);
    const page = readFileSync(new URL("../../docs/graphql-over-http.md", import.meta.url), "utf8");
    for (const id of DECLINED) expect(page, id).toContain(`| ${id} |`);
  });
});
