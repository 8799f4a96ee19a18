import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "vite";

/** A node of the syntax tree (ESTree with TypeScript's types); the rest of its fields depend on `type`. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One source file, read and parsed once for all rules. */
export interface SourceFile {
  /** From the top of the repository, with `/` between. */
  readonly path: string;
  readonly text: string;
  readonly nodes: readonly Node[];
  readonly comments: readonly { readonly value: string; readonly start: number; readonly end: number }[];
  /** What it imports, types and dynamic imports included, as written. */
  readonly specifiers: readonly string[];
}

/** A sentence that says where and what; the empty list is a tidy house. */
export type Problem = string;

const ROOMS = [
  "gateway",
  "authorization-server",
  "subgraphs",
  "schema",
  "foundation",
  "scripts",
  "console",
  "test",
];

/** Every TypeScript file of the house. */
export function readHouse(top: string): readonly SourceFile[] {
  const paths = ROOMS.filter((room) => existsSync(join(top, room))).flatMap((room) => walk(top, room));
  const sources = [...paths, "vitest.config.ts"].filter(
    (path) => /\.tsx?$/.test(path) && !path.includes("/generated/"),
  );
  return sources.map((path) => parseSource(path, readFileSync(join(top, path), "utf8")));
}

function walk(top: string, folder: string): string[] {
  return readdirSync(join(top, folder)).flatMap((name) => {
    const path = posix.join(folder, name);
    if (name === "node_modules" || name === "dist") return [];
    return statSync(join(top, path)).isDirectory() ? walk(top, path) : [path];
  });
}

/** @throws when the text is not TypeScript */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text, { sourceType: "module" });
  const [error] = parsed.errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const nodes: Node[] = [];
  collect(parsed.program, nodes);
  const specifiers = nodes.flatMap((node) => {
    const source = IMPORTING.has(node.type) ? (node["source"] as { value?: unknown } | null) : null;
    return typeof source?.value === "string" ? [source.value] : [];
  });
  return { path, text, nodes, comments: parsed.comments, specifiers };
}

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

function collect(value: unknown, into: Node[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (typeof (value as { type?: unknown }).type === "string") into.push(value as Node);
  for (const child of Object.values(value)) collect(child, into);
}

/** The line of an offset, the first being 1. */
export function lineOf(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split("\n").length;
}

/** `path:line sentence`. */
export function problemAt(file: SourceFile, offset: number, sentence: string): Problem {
  return `${file.path}:${lineOf(file, offset)} ${sentence}`;
}

/** The files of ours that a file imports, as paths from the top. */
export function resolveOwn(file: SourceFile): readonly string[] {
  const own = file.specifiers.filter((specifier) => specifier.startsWith("."));
  return own.map((specifier) => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, ".ts"));
}
