import type { Parser } from "./config/parsers.js";
import { Secret } from "./config/secret.js";

/** One line of a settings table. */
export interface Setting<T> {
  /** Name of the environment variable. A secret may also be given as `<env>_FILE`, the path of a file with it. */
  readonly env: string;
  /** What it does, in one sentence. */
  readonly doc: string;
  readonly secret: boolean;
  /** `default` is text for the docs; `value` is what an absent variable gives. */
  readonly absent: { readonly kind: "required" } | { readonly kind: "value"; readonly value: T };
  readonly expects: string;
  read(text: string): T | undefined;
  show(value: T): string;
}

/** The settings of one room, by the name its code uses. */
export type SettingTable = Readonly<Record<string, Setting<never> | Setting<unknown>>>;

/** What a table reads to. */
export type Values<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer T> ? T : never;
};

interface Described<T> {
  readonly env: string;
  readonly doc: string;
  readonly parse: Parser<T>;
}

/** A setting that must be given. */
export function required<T>(described: Described<T>): Setting<T> {
  return make(described, { kind: "required" });
}

/** A setting with a value of its own when it is not given. */
export function withDefault<T>(described: Described<T> & { readonly default: NoInfer<T> }): Setting<T> {
  return make(described, { kind: "value", value: described.default });
}

/** A setting that may be absent: the value is then undefined. */
export function optional<T>(described: Described<T>): Setting<T | undefined> {
  return make<T | undefined>(described as Described<T | undefined>, { kind: "value", value: undefined });
}

/** A secret that must be given. */
export function requiredSecret(described: Described<string>): Setting<Secret> {
  return { ...secretSetting(described), absent: { kind: "required" } };
}

/** A secret that may be absent. */
export function optionalSecret(described: Described<string>): Setting<Secret | undefined> {
  return { ...secretSetting(described), absent: { kind: "value", value: undefined } } as Setting<
    Secret | undefined
  >;
}

function make<T>({ env, doc, parse }: Described<T>, absent: Setting<T>["absent"]): Setting<T> {
  const show = (value: T): string => (value === undefined ? "" : (parse.format?.(value) ?? String(value)));
  return { env, doc, secret: false, absent, expects: parse.expects, read: (text) => parse.parse(text), show };
}

function secretSetting({ env, doc, parse }: Described<string>): Omit<Setting<Secret>, "absent"> {
  const read = (text: string): Secret | undefined => {
    const value = parse.parse(text);
    return value === undefined ? undefined : new Secret(value);
  };
  return {
    env,
    doc,
    secret: true,
    expects: parse.expects,
    read,
    show: (value) => (value === undefined ? "" : String(value)),
  };
}

/** Everything that is wrong with the configuration, one sentence each. It never repeats a value: it may be a secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((problem) => `- ${problem}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

export interface LoadOptions<Table> {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads the file of a `<env>_FILE` variable. */
  readFile(path: string): string;
  /** Tables of other rooms whose variables may be set too, and are not read here. */
  readonly alsoKnown?: readonly SettingTable[];
  /** What must hold between settings; each sentence it returns is a problem. Asked only when each setting is right. */
  relations?(values: Values<Table>): readonly string[];
}

/** Variables of ours start with this; one that no table knows is taken for a misspelling. */
const PREFIX = "XINQIAO_";

/**
 * Reads a table from the environment into a frozen value. An empty variable counts as absent.
 * @throws ConfigError with all problems at once
 */
export function loadConfig<const Table extends SettingTable>(
  table: Table,
  options: LoadOptions<Table>,
): Values<Table> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table) as [string, Setting<unknown>][]) {
    const outcome = readSetting(setting, options);
    if ("problem" in outcome) problems.push(outcome.problem);
    else values[name] = outcome.value;
  }
  problems.push(...unknownVariables([table, ...(options.alsoKnown ?? [])], options.environment));
  const typed = Object.freeze(values) as Values<Table>;
  if (problems.length === 0) problems.push(...(options.relations?.(typed) ?? []));
  if (problems.length > 0) throw new ConfigError(problems);
  return typed;
}

type Outcome = { readonly value: unknown } | { readonly problem: string };

function readSetting(
  setting: Setting<unknown>,
  options: Pick<LoadOptions<unknown>, "environment" | "readFile">,
): Outcome {
  const { env } = setting;
  const file = setting.secret ? options.environment[`${env}_FILE`] || undefined : undefined;
  let text = options.environment[env] || undefined;
  if (file !== undefined && text !== undefined)
    return { problem: `${env} and ${env}_FILE are both set; keep one` };
  if (file !== undefined) {
    try {
      text = options.readFile(file).replace(/\r?\n$/, "");
    } catch {
      return { problem: `${env}_FILE names a file that cannot be read` };
    }
  }
  if (text === undefined) {
    if (setting.absent.kind === "value") return { value: setting.absent.value };
    return { problem: `${env} is required: ${setting.doc}` };
  }
  const value = setting.read(text);
  return value === undefined ? { problem: `${env} must be ${setting.expects}` } : { value };
}

function unknownVariables(
  tables: readonly SettingTable[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = new Set<string>();
  for (const setting of tables.flatMap((table) => Object.values(table))) {
    known.add(setting.env);
    if (setting.secret) known.add(`${setting.env}_FILE`);
  }
  const strangers = Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !known.has(name));
  return strangers.sort().map((name) => `${name} is not a setting`);
}

/** One row of the effective configuration. */
export interface ConfigRow {
  readonly env: string;
  readonly value: string;
  readonly isDefault: boolean;
}

/** The effective configuration for a person to read; secrets stay hidden. */
export function describeConfig<Table extends SettingTable>(
  table: Table,
  values: Values<Table>,
): readonly ConfigRow[] {
  return (Object.entries(table) as [keyof Table, Setting<unknown>][]).map(([name, setting]) => {
    const value: unknown = values[name];
    const isDefault = setting.absent.kind === "value" && setting.absent.value === value;
    return { env: setting.env, value: value === undefined ? "" : setting.show(value), isDefault };
  });
}

/** The page of all settings, in Markdown: one section a table, in the order given. */
export function configurationMarkdown(tables: Readonly<Record<string, SettingTable>>): string {
  return Object.entries(tables)
    .map(([title, table]) => section(title, table))
    .join("\n");
}

function section(title: string, table: SettingTable): string {
  const rows = (Object.values(table) as Setting<unknown>[]).map((setting) => {
    const cells = [`\`${setting.env}\``, setting.doc, setting.expects, absentText(setting)];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  const head = ["| Variable | What it does | Must be | When absent |", "| --- | --- | --- | --- |"];
  return [`## ${title}`, "", ...head, ...rows, ""].join("\n");
}

function absentText(setting: Setting<unknown>): string {
  const secret = setting.secret ? `; secret, or \`${setting.env}_FILE\`` : "";
  if (setting.absent.kind === "required") return `required${secret}`;
  const { value } = setting.absent;
  return (value === undefined ? "none" : `\`${setting.show(value)}\``) + secret;
}
