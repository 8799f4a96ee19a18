import os from "node:os";
import type { Operator, Registry } from "../../authorization-server/registry.js";
import { ConfigError } from "../../foundation/config.js";
import { readGatewaySettings } from "../../gateway/process/settings.js";
import { BureauError } from "../../schema/errors.js";
import { openRegistry } from "./open-registry.js";

/** What cannot be done as asked; the sentence says what to mend. */
export class CommandError extends Error {}

/** One row of an answer: column by column. */
export type Row = Readonly<Record<string, string>>;

/** Runs a command to its exit code: what is expected becomes a sentence on standard error. */
export async function runCommand(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (error instanceof BureauError) say(`${error.code}: ${error.detail ?? error.message}`);
    else if (error instanceof CommandError || error instanceof ConfigError || error instanceof TypeError)
      say(error.message);
    else throw error;
    process.exitCode = 1;
  }
}

function say(sentence: string): void {
  process.stderr.write(`error: ${sentence}\n`);
}

/** Opens the register for one piece of work. */
export async function withRegistry<T>(work: (registry: Registry) => Promise<T>): Promise<T> {
  const { registry, close } = await openRegistry(readGatewaySettings(process.env));
  try {
    return await work(registry);
  } finally {
    await close();
  }
}

/** Who ends something, as it stands on record: the account on this machine, and the reason given. */
export function operator(reason: string | undefined): Operator {
  if (reason === undefined || reason.trim() === "")
    throw new CommandError("--reason TEXT is required: it stands on record");
  return { actor: `operator:${os.userInfo().username.replace(/[^\x21-\x7e]/g, "_")}`, reason: reason.trim() };
}

/** What a command does, by its first word. */
export type Verbs<Values> = Readonly<
  Record<string, (values: Values, positionals: readonly string[]) => Promise<readonly Row[]>>
>;

/** Does what the first word says and prints the rows; help on request, or in place of a word that is none. */
export async function runVerb<Values extends { readonly help?: boolean; readonly json: boolean }>(
  verbs: Verbs<Values>,
  given: { readonly values: Values; readonly positionals: readonly string[] },
  help: string,
): Promise<number> {
  const { values, positionals } = given;
  const [verb = ""] = positionals;
  const work = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (values.help === true || work === undefined) {
    (values.help === true ? process.stdout : process.stderr).write(help);
    return values.help === true ? 0 : 1;
  }
  print(await work(values, positionals), values.json);
  return 0;
}

/** The one argument that a verb takes. */
export function argumentOf(positionals: readonly string[], what: string): string {
  const [, value, ...others] = positionals;
  if (value === undefined || others.length > 0) throw new CommandError(`name one ${what}`);
  return value;
}

/** Prints rows as a table, or as JSON. */
export function print(rows: readonly Row[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = [line(columns), ...rows.map((row) => line(columns.map((column) => row[column] ?? "")))];
  process.stdout.write(rows.length === 0 ? "none\n" : `${lines.join("\n")}\n`);
}

/** An instant, or a dash. */
export function instant(at: Date | undefined): string {
  return at?.toISOString() ?? "-";
}
