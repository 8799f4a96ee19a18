import { describe, expect, it } from "vitest";
import { parseStat, readFamilyCpuUs, readRssMib, readStat } from "./proc-stat.js";

const LINE =
  "4711 (node (worker) x) S 42 4711 4711 0 -1 4194304 1 2 3 4 250 50 7 8 20 0 11 0 123456 1000000 2000 18446744073709551615";

describe("the operating system's account of a process", () => {
  it("is read from behind a name that holds blanks and parentheses", () => {
    expect(parseStat(LINE)).toEqual({ parent: 42, cpuUs: 3_000_000, endedChildrenCpuUs: 150_000 });
  });

  it.each([
    ["nothing", ""],
    ["a shorter line", "1 (x) S 2 3"],
    ["words", LINE.replace("250", "many")],
  ])("is not read from %s", (_what, line) => {
    expect(() => parseStat(line)).toThrow("no line of /proc/PID/stat");
  });

  it.runIf(process.platform === "linux")(
    "is there for this process, its family at least as busy as itself",
    () => {
      const { cpuUs, parent } = readStat(process.pid);
      expect(parent).toBe(process.ppid);
      expect(readFamilyCpuUs(process.pid)).toBeGreaterThanOrEqual(cpuUs);
      expect(readRssMib(process.pid)).toBeGreaterThan(10);
    },
  );
});
