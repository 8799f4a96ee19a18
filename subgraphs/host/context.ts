import type { Permit } from "./permit.js";

/** Keeps one loader per key for the life of one request, so that nothing is shared between askers. */
export class LoaderScope {
  readonly #loaders = new Map<string, unknown>();

  /** The loader of this request under `key`; made on first use. */
  get<T>(key: string, create: () => T): T {
    const known = this.#loaders.get(key);
    if (known !== undefined) return known as T;
    const made = create();
    this.#loaders.set(key, made);
    return made;
  }
}

/** The context value of every resolver. */
export interface SubgraphContext {
  readonly permit: Permit;
  readonly loads: LoaderScope;
}
