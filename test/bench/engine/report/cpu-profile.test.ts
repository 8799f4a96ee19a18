import { describe, expect, it } from "vitest";
import { selfTimeByFunction, selfTimeByGroup } from "./cpu-profile.js";

const frame = (id: number, url: string, functionName = "f") => ({ id, callFrame: { functionName, url } });

const PROFILE = {
  nodes: [
    frame(1, "file:///house/gateway/fetch/echo.ts"),
    frame(2, "file:///house/node_modules/graphql/execution/execute.js"),
    frame(3, "file:///house/node_modules/x/node_modules/undici/lib/client.js"),
    frame(4, "node:internal/streams"),
    frame(5, "", "(garbage collector)"),
    frame(6, "", "(idle)"),
    frame(7, "file:///house/schema/consent.ts"),
    frame(8, "file:///house/node_modules/@apollo/gateway/dist/index.js"),
  ],
  startTime: 1_000,
  samples: [1, 2, 3, 4, 5, 6, 7, 8, 1],
  timeDeltas: [10, 20, 30, 40, 50, 60, 70, 80, 90],
};

describe("self time by group", () => {
  it("is told by room and by package, the idle time left out", () => {
    expect(Object.fromEntries(selfTimeByGroup(PROFILE, [0, 10_000]))).toEqual({
      "our gateway/fetch": 100,
      graphql: 20,
      "fetch client": 30,
      "Node internals": 40,
      "garbage collector": 50,
      "our schema": 70,
      "apollo gateway": 80,
    });
  });

  it("counts what was sampled within the window only", () => {
    expect(Object.fromEntries(selfTimeByGroup(PROFILE, [1_030, 1_100]))).toEqual({
      graphql: 20,
      "fetch client": 30,
    });
  });

  it("is told by function too, the collector's included", () => {
    const functions = selfTimeByFunction(PROFILE, [0, 10_000]);
    expect(functions.get("f gateway/fetch/echo.ts")).toBe(100);
    expect(functions.get("(garbage collector)")).toBe(50);
    expect([...functions.keys()].some((name) => name.includes("idle"))).toBe(false);
  });
});
