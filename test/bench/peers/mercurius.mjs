// Mercurius as a gateway, with graphql-jit as its documentation advises; it asks the subgraphs for their schemas.
import gateway from "@mercuriusjs/gateway";
import Fastify from "fastify";

process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
async function start({ subgraphUrls }) {
  const app = Fastify({ logger: false });
  const services = Object.entries(subgraphUrls).map(([name, url]) => ({ name, url, mandatory: true }));
  try {
    await app.register(gateway, { jit: 1, gateway: { services } });
    process.send({ url: await app.listen({ host: "127.0.0.1", port: 0 }) });
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  }
}

process.once("message", (order) => void start(order));
