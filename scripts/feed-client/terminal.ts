import { FeedClientError } from "./feed-client-error.js";

/** Where a command's words go. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The token of the environment. */
  readonly envToken: string | undefined;
}

/** The command cannot do what it was asked: a wrong flag, a file that cannot be read. The message says what to mend. */
export class UsageError extends Error {}

/** What a command ends with. */
export const EXIT = { done: 0, failed: 1, rejected: 2, interrupted: 130 } as const;

type Command = (args: readonly string[], terminal: Terminal) => Promise<number>;

/** Runs a command on this process: the first Ctrl-C ends it in order, the second at once. */
export async function runCommand(command: Command, envToken: string | undefined): Promise<void> {
  const abort = new AbortController();
  const onInterrupt = (): void => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    process.stderr.write("\nstopping after the batch on the wire; press Ctrl-C again to stop at once\n");
    abort.abort();
  };
  process.on("SIGINT", onInterrupt);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedPipe);
  const terminal = { stdout: process.stdout, stderr: process.stderr, signal: abort.signal, envToken };
  process.exitCode = await exitCodeOf(command, process.argv.slice(2), terminal);
  process.off("SIGINT", onInterrupt);
}

/** A reader that went away (`| head`) must not break off what is being published. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Runs a command; expected failures become one precise line and an exit code. */
export async function exitCodeOf(
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return await command(args, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.stderr.write(`error: ${error.message}\n`);
      return EXIT.failed;
    }
    if (error instanceof FeedClientError) {
      terminal.stderr.write(`error: ${error.message}${adviceFor(error)}\n`);
      return error.code === "INTERRUPTED" ? EXIT.interrupted : EXIT.failed;
    }
    throw error;
  }
}

function adviceFor(error: FeedClientError): string {
  switch (error.code) {
    case "UNAUTHENTICATED":
    case "TOKEN_INVALID":
      return "\nGive a platform's token: --token-file F, --token T or XINQIAO_TOKEN.";
    case "TOKEN_EXPIRED":
      return "\nGet a fresh token and run the same command again: it resumes where it stopped.";
    case "CONNECTION_FAILED":
      return "\nIs the gateway up, and --url right? Run the same command again: it resumes where it stopped.";
    case "INTERRUPTED":
      return "\nRun the same command again: it resumes where it stopped.";
    default:
      return "";
  }
}
