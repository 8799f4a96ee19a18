/** Resolvers as `@apollo/subgraph` takes them; loose, for they are written by hand for small data. */
type Resolver = (parent: any, args: any) => unknown;
type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

interface ScenarioSubgraph {
  readonly sdl: string;
  readonly resolvers: Resolvers;
}

/** A small federation that exercises one feature. */
export interface Scenario {
  readonly name: string;
  readonly subgraphs: Readonly<Record<string, ScenarioSubgraph>>;
  /** Called before each operation, where mutations change something. */
  readonly reset?: () => void;
  /** Where conditions bring out differences that are known (`docs/engine-differences.md`); drawn without them. */
  readonly isUnconditional?: true;
  /** Subgraphs that cannot be reached. */
  readonly unreachable?: readonly string[];
}

/** Finds by one member; null where there is nothing. */
export function find<T>(rows: readonly T[], member: keyof T): (reference: any) => T | null {
  return (reference) => rows.find((row) => row[member] === reference[member]) ?? null;
}
