import { type Node, type Problem, problemAt, type SourceFile } from "./source-files.js";

/** The only places that may ask the machine for its time, its luck, its surroundings or its terminal. */
const ASKS_THE_MACHINE =
  /^(foundation\/(clock|ids)\.ts|gateway\/main\.ts|gateway\/fetch\/federation\.ts|authorization-server\/provider\.ts|subgraphs\/serve\.ts|scripts\/|test\/)/;

/** Time, randomness, settings and output come in through the door, so that a test can hand in its own. */
export function findMachineReads(files: readonly SourceFile[]): readonly Problem[] {
  const bound = files.filter((file) => !ASKS_THE_MACHINE.test(file.path));
  return bound.flatMap((file) =>
    file.nodes.flatMap((node) => {
      const read = machineRead(node);
      return read === undefined ? [] : [problemAt(file, node.start, `asks ${read}`)];
    }),
  );
}

function machineRead(node: Node): string | undefined {
  if (node.type === "MemberExpression") {
    const object = nameOf(node["object"]);
    const full = `${object}.${nameOf(node["property"])}`;
    if (object === "console") return full;
    return ["process.env", "Date.now", "Math.random"].includes(full) ? full : undefined;
  }
  const isDate = nameOf(node["callee"]) === "Date";
  if (node.type === "CallExpression" && isDate) return "Date()";
  const isEmpty = Array.isArray(node["arguments"]) && node["arguments"].length === 0;
  return node.type === "NewExpression" && isDate && isEmpty ? "new Date()" : undefined;
}

function nameOf(node: unknown): string {
  const { type, name } = (node ?? {}) as { type?: unknown; name?: unknown };
  return type === "Identifier" && typeof name === "string" ? name : "";
}

/** A test's randomness has a seed that is printed. */
export function findUnseededTests(files: readonly SourceFile[]): readonly Problem[] {
  const tests = files.filter((file) => file.path.startsWith("test/"));
  return tests.flatMap((file) =>
    file.nodes
      .filter((node) => machineRead(node) === "Math.random")
      .map((node) => problemAt(file, node.start, "asks Math.random: a failure could not be repeated")),
  );
}

/** What is left to do has a number where it is discussed. */
export function findLooseEnds(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) =>
    file.comments
      .filter(({ value }) => /\b(TODO(?!\(#\d+\))|FIXME|XXX|HACK)\b/.test(value))
      .map(({ start }) => problemAt(file, start, "a loose end without a number")),
  );
}

/** Characters that do not show, or turn the text around them, in any file and any place. */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]/u;
/** Chinese characters and punctuation, and the ellipsis: names of laws and clauses. */
const CHINESE = /[\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uff5e\u00b7\u2014\u201c\u201d]/gu;
const NOT_ASCII = /[^\u0000-\u007f]/u;

/** Where text may be Chinese in full: the contract quotes the law, tests and the synthetic market have Chinese content. */
const CHINESE_TEXTS = /^((schema|console|test|scripts)\/|authorization-server\/pages\/words\.ts$)/;

/** Source is ASCII, so that nothing hides in it; a comment may name a clause of the law in its own language. */
export function findForeignCharacters(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) => {
    const hidden = HIDDEN.exec(file.text);
    if (hidden !== null) return [problemAt(file, hidden.index, "a character that does not show")];
    if (CHINESE_TEXTS.test(file.path)) return [];
    let code = file.text;
    for (const { start, end } of file.comments) {
      code = code.slice(0, start) + file.text.slice(start, end).replace(CHINESE, "x") + code.slice(end);
    }
    const foreign = NOT_ASCII.exec(code);
    return foreign === null ? [] : [problemAt(file, foreign.index, "a character outside ASCII")];
  });
}

const MACHINE_PATH = /^(?:file:\/\/)?\/(?:tmp|work|root|home|Users|var)\/\w|^[A-Z]:\\/;

/** A path of somebody's machine is on nobody else's. */
export function findMachinePaths(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) => {
    const literals = file.nodes.filter((node) => ["Literal", "TemplateElement"].includes(node.type));
    return literals
      .filter((node) => MACHINE_PATH.test(textOf(node)))
      .map((node) => problemAt(file, node.start, "a path of one machine"));
  });
}

function textOf(node: Node): string {
  const value = node["value"];
  if (typeof value === "string") return value;
  return String((value as { cooked?: unknown } | null)?.cooked ?? "");
}
