import { createNativePlanner } from "../gateway/plan/native-planner.js";
import { readSupergraph } from "../gateway/plan/index.js";
import { readFileSync } from "node:fs";
import { parse } from "graphql";
const s = readSupergraph(readFileSync("schema/generated/supergraph.graphql", "utf8"));
const p = createNativePlanner(s.plannableSdl);
const t0 = performance.now();
console.log(
  JSON.stringify(await p.plan(parse(process.argv[2]!), undefined), null, 1),
  performance.now() - t0,
);
