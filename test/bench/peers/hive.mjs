// Hive Gateway's runtime with the planner of Hive Router (Rust), on node:http; telemetry and logs off.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { unifiedGraphHandler } from "@graphql-hive/router-runtime";

process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
async function start({ supergraphFile }) {
  const runtime = createGatewayRuntime({
    supergraph: await readFile(supergraphFile, "utf8"),
    unifiedGraphHandler,
    logging: false,
    landingPage: false,
    graphiql: false,
  });
  const server = createServer((asked, reply) => void runtime(asked, reply)).listen(0, "127.0.0.1", () =>
    process.send({ url: `http://127.0.0.1:${server.address().port}` }),
  );
}

process.once("message", (order) => void start(order));
