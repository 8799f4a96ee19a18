import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { GraphQLSchema } from "graphql";
import { sha256Hex } from "../../../foundation/tokens.js";
import type { Inquire } from "../../gateway.js";
import type { TrustedDocuments } from "../../receive/documents/trusted-documents.js";
import type { Federation } from "./federation.js";

/** What one supergraph brings: it never changes, and is replaced as a whole. */
export interface Generation {
  /** Lower-case hex SHA-256 of the supergraph's text. */
  readonly id: string;
  readonly federation: Federation;
  /** As they are valid against its schema. */
  readonly documents: TrustedDocuments;
  readonly inquire: Inquire;
}

/** The supergraph that is served, and those that requests in flight began on. */
export interface Generations {
  readonly current: Generation;
  /** The path for an operation that was validated against a schema, whichever generation it is of. */
  inquireOf(schema: GraphQLSchema): Inquire;
  /**
   * Reads the supergraph's file again and swaps the generation where it says something else. Requests in flight finish on the
   * one they began on. Resolves to the generation that is served now.
   * @throws Error when the new supergraph is unsafe to serve or cannot be read; the old one stays
   */
  reload(): Promise<Generation>;
  /** Calls with the generation that is served, now and whenever another takes its place. Returns how to stop. */
  onChange(listener: (generation: Generation) => void): () => void;
}

/**
 * Opens the generations of a supergraph file; `build` judges its text.
 * @throws what `build` throws
 */
export async function openGenerations(
  file: string,
  build: (id: string, sdl: string) => Generation,
): Promise<Generations> {
  const listeners = new Set<(generation: Generation) => void>();
  const bySchema = new WeakMap<GraphQLSchema, Generation>();
  const read = async (known: Generation | undefined): Promise<Generation> => {
    const sdl = await readFile(file, "utf8");
    const id = sha256Hex(sdl);
    if (id === known?.id) return known;
    const next = build(id, sdl);
    bySchema.set(next.federation.apiSchema, next);
    return next;
  };
  let current = await read(undefined);
  /** One after another, so that the newest text is the one that stays. */
  let reloading: Promise<unknown> = Promise.resolve();
  const reloadOnce = async (): Promise<Generation> => {
    const next = await read(current);
    if (next !== current) {
      current = next;
      for (const listener of listeners) listener(next);
    }
    return next;
  };
  return {
    get current() {
      return current;
    },
    inquireOf: (schema) => (bySchema.get(schema) ?? current).inquire,
    reload: () => {
      const reloaded = reloading.then(reloadOnce);
      reloading = reloaded.catch(() => {});
      return reloaded;
    },
    onChange: (listener) => {
      listeners.add(listener);
      listener(current);
      return () => void listeners.delete(listener);
    },
  };
}

/** A file is written in several steps, and replaced by renaming another. */
const SETTLED_MS = 200;

/** Reloads whenever the file changes, until the signal aborts. Its folder is watched, so that a rename is seen too. */
export function watchSupergraph(
  file: string,
  generations: Generations,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): void {
  const name = path.basename(file);
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(path.dirname(file), { persistent: false }, (_event, changed) => {
    if (changed !== name) return;
    clearTimeout(timer);
    timer = setTimeout(() => void generations.reload().catch(onError), SETTLED_MS).unref();
  });
  watcher.on("error", onError);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    watcher.close();
  });
}
