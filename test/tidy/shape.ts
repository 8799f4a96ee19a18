import { posix } from "node:path";
import { lineOf, type Node, type Problem, problemAt, type SourceFile } from "./source-files.js";

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 60;
const FOLDER_ENTRIES_MAX = 16;
const PARAMETERS_MAX = 4;

const DRAWERS = /^(utils?|helpers?|common|shared|misc|core|libs?|stuff)(\.|$)/;
const NAME = /^(\d{4}-)?[a-z][a-z0-9]*(-[a-z0-9]+)*(\.(test|contract|bench|config|d))?$/;

/** Names are kebab-case, and nothing is a drawer. */
export function findBadNames(paths: readonly string[]): readonly Problem[] {
  return paths.flatMap((path) => {
    const parts = path.replace(/\.tsx?$/, "").split("/");
    const drawer = path.split("/").find((part) => DRAWERS.test(part));
    if (drawer !== undefined) return [`${path}: ${drawer} is a drawer; name what is in it`];
    return parts.every((part) => NAME.test(part)) ? [] : [`${path} is not kebab-case`];
  });
}

export function findLongFiles(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return lines > FILE_LINES_MAX ? [`${path} has ${lines} lines, more than ${FILE_LINES_MAX}`] : [];
  });
}

/** Counts files and folders; the rooms themselves stand beside each other at the top and do not count. */
export function findFullFolders(paths: readonly string[]): readonly Problem[] {
  const entries = new Map<string, Set<string>>();
  for (const path of paths) {
    for (let child = path; posix.dirname(child) !== "."; child = posix.dirname(child)) {
      const folder = posix.dirname(child);
      entries.set(folder, (entries.get(folder) ?? new Set()).add(child));
    }
  }
  return [...entries].flatMap(([folder, children]) =>
    children.size > FOLDER_ENTRIES_MAX
      ? [`${folder}/ has ${children.size} entries, more than ${FOLDER_ENTRIES_MAX}`]
      : [],
  );
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** In a test file the functions handed to `describe` are chapters, not functions: only declared ones count there. */
export function findLongFunctions(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) =>
    functionsOf(file).flatMap((node) => {
      const lines = lineOf(file, node.end) - lineOf(file, node.start) + 1;
      const sentence = `a function of ${lines} lines, more than ${FUNCTION_LINES_MAX}`;
      return lines > FUNCTION_LINES_MAX ? [problemAt(file, node.start, sentence)] : [];
    }),
  );
}

function functionsOf(file: SourceFile): readonly Node[] {
  const isTest = file.path.endsWith(".test.ts");
  return file.nodes.filter((node) =>
    isTest ? node.type === "FunctionDeclaration" : FUNCTIONS.has(node.type),
  );
}

/** At most four positional parameters, then an options object; arguments of a GraphQL field carry decorators. */
export function findManyParameters(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) =>
    functionsOf(file).flatMap((node) => {
      const positional = (node["params"] as readonly Node[]).filter(isPositional);
      const sentence = `a function of ${positional.length} parameters, more than ${PARAMETERS_MAX}: take an options object`;
      return positional.length > PARAMETERS_MAX ? [problemAt(file, node.start, sentence)] : [];
    }),
  );
}

function isPositional(parameter: Node): boolean {
  const decorators = parameter["decorators"] as readonly unknown[] | undefined;
  if ((decorators?.length ?? 0) > 0) return false;
  const inner = parameter.type === "AssignmentPattern" ? (parameter["left"] as Node) : parameter;
  return inner.type !== "ObjectPattern" && !["this", "options", "rest"].includes(String(inner["name"]));
}

/** Default exports have no name to search for; `export *` hides what a door opens. */
export function findBadExports(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) =>
    file.nodes.flatMap((node) => {
      const isConfig = file.path.endsWith(".config.ts");
      if (node.type === "ExportDefaultDeclaration" && !isConfig)
        return [problemAt(file, node.start, "a default export")];
      return node.type === "ExportAllDeclaration"
        ? [problemAt(file, node.start, "an export of everything")]
        : [];
    }),
  );
}

/** `any` switches the compiler off. */
export function findAny(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) =>
    file.nodes
      .filter((node) => node.type === "TSAnyKeyword")
      .map((node) => problemAt(file, node.start, "says `any`")),
  );
}

/** What the ground floor and the contract export is explained where it is defined. */
export function findUndocumented(files: readonly SourceFile[]): readonly Problem[] {
  const documented = files.filter((file) => /^(schema|foundation)\//.test(file.path));
  return documented.flatMap((file) =>
    file.nodes
      .filter((node) => node.type === "ExportNamedDeclaration")
      .filter((node) => (node["declaration"] as Node | null)?.type === "FunctionDeclaration")
      .filter((node) => !/\*\/\s*$/.test(file.text.slice(0, node.start)))
      .map((node) => problemAt(file, node.start, "an exported function without a comment")),
  );
}
