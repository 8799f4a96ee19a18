import os from "node:os";

/** What a figure was measured on. */
export interface Machine {
  readonly at: string;
  readonly cpus: string;
  readonly node: string;
  readonly loadAverage: readonly number[];
}

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    at: new Date().toISOString(),
    cpus: `${cpus.length} x ${cpus[0]?.model.trim() ?? "unknown"}`,
    node: process.version,
    loadAverage: os.loadavg().map((load) => Number(load.toFixed(2))),
  };
}

/** A Markdown table. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
