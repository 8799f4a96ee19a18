import { builtinModules } from "node:module";
import { type Problem, resolveOwn, type SourceFile } from "./source-files.js";

/** Files that put the house together, and so may see more than the room they stand in. */
const SEES_SUBGRAPHS = ["gateway/main.ts", "gateway/process/open-bureau.ts"];
/** Files that put the authorization server into the process; no other room knows that there is one of our own. */
const SEES_ISSUER = /^gateway\/(main|process\/[a-z-]+)\.ts$/;
/** The first start fills an empty house with the synthetic market. */
const SEES_MARKET = "gateway/main.ts";

const STATIONS = ["receive", "authenticate", "authorize", "plan", "fetch", "record", "answer"];

/** Each room may import itself and what its list says. */
export function findWrongDirections(files: readonly SourceFile[]): readonly Problem[] {
  return files.flatMap((file) =>
    resolveOwn(file)
      .filter((target) => !mayImport(file.path, target))
      .map((target) => `${file.path} may not import ${target}`),
  );
}

function mayImport(from: string, to: string): boolean {
  const [room = "", part = ""] = from.split("/");
  const [toRoom = "", toPart = ""] = to.split("/");
  if (room === "test" || !from.includes("/")) return true;
  if (toRoom === "test") return false;
  if (room === "schema") return toRoom === "schema";
  if (room === "foundation") return toRoom === "foundation" || to === "schema/errors.ts";
  if (room === "scripts") return true;
  if (toRoom === "schema" || toRoom === "foundation") return room !== "console";
  if (/^scripts\/market\/(first-start|market-parties)\.ts$/.test(to)) return from === SEES_MARKET;
  if (toRoom === "authorization-server" && room === "gateway") return SEES_ISSUER.test(from);
  if (room !== toRoom) return SEES_SUBGRAPHS.includes(from) && toRoom === "subgraphs";
  if (room === "subgraphs") return isFile(part) || part === toPart || (toPart === "host" && part !== "host");
  // A station knows no other station; what stands beside them, in gateway/ itself, puts them in a row.
  if (room === "gateway")
    return isFile(part) || part === "process" || part === toPart || !STATIONS.includes(toPart);
  return true;
}

function isFile(name: string): boolean {
  return name.includes(".");
}

/** A package that only some files may know. */
interface PackageRule {
  readonly packages: RegExp;
  readonly allowed: RegExp;
}

const PACKAGE_RULES: readonly PackageRule[] = [
  { packages: /^jose$/, allowed: /^foundation\/tokens\// },
  { packages: /^(ioredis|rate-limiter-flexible)$/, allowed: /^foundation\/redis\// },
  { packages: /^pino$/, allowed: /^foundation\/log\.ts$/ },
  {
    packages: /^(pg|kysely|pg-copy-streams)$/,
    allowed: /^(foundation|subgraphs|authorization-server\/migrations)\//,
  },
  { packages: /^oidc-provider$/, allowed: /^authorization-server\// },
  { packages: /^type-graphql$/, allowed: /^subgraphs\// },
  {
    packages: /^@apollo\//,
    allowed: /^(gateway\/apollo\.ts|gateway\/(plan|fetch)\/|subgraphs\/host\/|scripts\/compose[./])/,
  },
  {
    packages: /^(vitest|vite|fast-check|graphql-http|mercurius.*|undici-types)$/,
    allowed: /^vitest\.config\.ts$/,
  },
];

/** Packages stay in the rooms that know them; tests may use any as an oracle. */
export function findWrongPackages(files: readonly SourceFile[]): readonly Problem[] {
  const sources = files.filter((file) => !file.path.startsWith("test/"));
  return sources.flatMap((file) =>
    packagesOf(file).flatMap((name) => {
      const broken = PACKAGE_RULES.find((rule) => rule.packages.test(name) && !rule.allowed.test(file.path));
      return broken === undefined ? [] : [`${file.path} may not import the package ${name}`];
    }),
  );
}

/** Every package is declared; the running house needs no development package, but may know an optional peer. */
export function findUndeclaredPackages(
  files: readonly SourceFile[],
  manifest: {
    readonly dependencies: object;
    readonly devDependencies: object;
    readonly peerDependencies: object;
  },
): readonly Problem[] {
  return files.flatMap((file) => {
    const isRunning = !/^(test|scripts)\/|^vitest/.test(file.path);
    const known = new Set(
      Object.keys({
        ...manifest.dependencies,
        ...(isRunning ? manifest.peerDependencies : manifest.devDependencies),
      }),
    );
    const unknown = packagesOf(file).filter((name) => !known.has(name));
    return unknown.map((name) => `${file.path} imports ${name}, which package.json does not declare for it`);
  });
}

const BUILT_IN = new Set(builtinModules);

function packagesOf(file: SourceFile): readonly string[] {
  const bare = file.specifiers.filter(
    (specifier) => !/^\.|^node:/.test(specifier) && !BUILT_IN.has(specifier),
  );
  return bare.map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
}

/** Circles of imports, types included; one sentence for each. */
export function findCycles(files: readonly SourceFile[]): readonly Problem[] {
  const graph = new Map(files.map((file) => [file.path, resolveOwn(file)]));
  const done = new Set<string>();
  const trail: string[] = [];
  const problems: Problem[] = [];
  const visit = (path: string): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) problems.push(`a circle: ${[...trail.slice(seenAt), path].join(" -> ")}`);
    if (seenAt >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return problems;
}

/** Started by a person, by the test runner or by nobody's import statement. */
const ENTRY =
  /^(gateway\/main|subgraphs\/serve|vitest\.config)\.ts$|^scripts\/(issuer\/(account|client|keys|token)|compose\/(documents\/build-manifest|serve-supergraph)|[^/]+)\.ts$|^test\/bench\/([^/]+\.bench|engine\/preloads\/[a-z-]+)\.ts$|\.test\.ts$/;

/** Files that nobody imports are dead. */
export function findOrphans(files: readonly SourceFile[]): readonly Problem[] {
  const imported = new Set(files.flatMap((file) => resolveOwn(file)));
  // The runner is told of it by path.
  imported.add("test/support/global-setup.ts");
  const orphans = files.filter((file) => !imported.has(file.path) && !ENTRY.test(file.path));
  return orphans.map((file) => `${file.path} is imported by nobody`);
}
