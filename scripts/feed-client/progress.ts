import cliProgress from "cli-progress";
import type { Terminal } from "./terminal.js";

/** How far a long run is. */
export interface Progress {
  /** `done` in the unit of `total`; `note` says the rest. */
  update(done: number, note: string): void;
  /** Leaves the bar as it stands; may be called again. */
  stop(): void;
}

/** A bar on a terminal, one plain line an update elsewhere. */
export function createProgress(terminal: Terminal, label: string, total: number): Progress {
  return terminal.stderr.isTTY === true ? bar(terminal, label, total) : plainLines(terminal, label, total);
}

function bar(terminal: Terminal, label: string, total: number): Progress {
  const single = new cliProgress.SingleBar({
    format: `${label} {bar} {percentage}% | {note}`,
    stream: terminal.stderr,
    hideCursor: true,
    barCompleteChar: "=",
    barIncompleteChar: "-",
    barsize: 30,
  });
  single.start(Math.max(total, 1), 0, { note: "" });
  let isRunning = true;
  return {
    update: (done, note) => single.update(Math.min(done, total), { note }),
    stop: () => {
      if (isRunning) single.stop();
      isRunning = false;
    },
  };
}

function plainLines(terminal: Terminal, label: string, total: number): Progress {
  return {
    update: (done, note) => {
      const percent = total === 0 ? 100 : Math.floor((Math.min(done, total) / total) * 100);
      terminal.stderr.write(`${label} ${percent}% | ${note}\n`);
    },
    stop: () => undefined,
  };
}
