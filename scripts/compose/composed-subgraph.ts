/** What composition needs of a subgraph. */
export interface ComposedSubgraph {
  readonly name: string;
  readonly sdl: string;
}
