import { describe, expect, it } from "vitest";
import { ConfigError } from "../../foundation/config.js";
import { readGatewaySettings, settingsTable } from "../../gateway/process/settings.js";

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readGatewaySettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
};

describe("the settings of possession", () => {
  it("bind banks, believe no terminator and give proofs a minute where nothing is set", () => {
    expect(readGatewaySettings({})).toMatchObject({
      publicUrl: undefined,
      boundParties: ["bank"],
      tlsTerminators: [],
      proofAgeMs: 60_000,
      proofAheadMs: 5_000,
    });
  });

  it("are read, and shown as they were given", () => {
    const environment = {
      XINQIAO_PUBLIC_URL: "https://api.bureau.example/credit/",
      XINQIAO_BOUND_PARTIES: "bank,platform",
      XINQIAO_TLS_TERMINATORS: "10.0.0.7,10.1.0.0/16,fd00::/8",
      XINQIAO_PROOF_AGE: "30s",
      XINQIAO_PROOF_AHEAD: "0ms",
    };
    const settings = readGatewaySettings(environment);
    expect(settings).toMatchObject({
      publicUrl: "https://api.bureau.example/credit",
      boundParties: ["bank", "platform"],
      proofAgeMs: 30_000,
      proofAheadMs: 0,
    });
    expect(settingsTable(settings)).toMatch(
      /XINQIAO_TLS_TERMINATORS +10\.0\.0\.7,10\.1\.0\.0\/16,fd00::\/8\n/,
    );
  });

  it.each([
    ["XINQIAO_PUBLIC_URL", "bureau.example"],
    ["XINQIAO_PUBLIC_URL", "https://bureau.example/?x=1"],
    ["XINQIAO_PUBLIC_URL", "https://bureau.example/#x"],
    ["XINQIAO_PUBLIC_URL", "https://x@bureau.example"],
    ["XINQIAO_BOUND_PARTIES", "bank,nobody"],
    ["XINQIAO_BOUND_PARTIES", "none"],
    ["XINQIAO_TLS_TERMINATORS", "0.0.0.0/0"],
    ["XINQIAO_TLS_TERMINATORS", "proxy.internal"],
    ["XINQIAO_PROOF_AGE", "1h"],
    ["XINQIAO_PROOF_AHEAD", "61s"],
  ])("refuse %s=%s", (env, value) => {
    expect(problemsOf({ [env]: value })).toEqual([expect.stringContaining(env)]);
  });
});
