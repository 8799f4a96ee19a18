import { SUBGRAPHS } from "../../../../subgraphs/index.js";
import { memoized } from "../servers/open-subgraphs.js";

type Definition = {
  -readonly [Key in keyof (typeof SUBGRAPHS)[string]]: (typeof SUBGRAPHS)[string][Key];
};

// Loaded before gateway/main.ts: the subgraphs in its process then answer from memory. No setting reaches that.
for (const definition of Object.values(SUBGRAPHS) as Definition[]) {
  const { create } = definition;
  definition.create = async (deps) => memoized(await create(deps));
}
