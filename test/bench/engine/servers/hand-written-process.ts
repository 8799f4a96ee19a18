import Fastify from "fastify";
import { Agent, request } from "undici";
import type { SubgraphAnswer } from "../../../../schema/subgraph.js";
import { serveOrder } from "../processes/serve-order.js";
import { SUBGRAPH_QUERIES } from "../workload/profile-query.js";
import { openSubgraphs, type SubgraphsOptions } from "./open-subgraphs.js";

/** What somebody would write by hand for this one query, without asking who asks: limits, not contenders. */
export type HandWrittenOrder =
  | { readonly kind: "static"; readonly text: string }
  | { readonly kind: "fetching"; readonly urls: Readonly<Record<string, string>> }
  | ({ readonly kind: "in-process" } & SubgraphsOptions);

/** How the code reaches a subgraph. */
type Ask = (subgraph: keyof typeof SUBGRAPH_QUERIES, variables: object) => Promise<SubgraphAnswer>;

serveOrder(async (order: HandWrittenOrder) => {
  const app = Fastify({ logger: false });
  const answer = await answerOf(order);
  app.post<{ Body: { variables: Readonly<Record<string, string>> } }>("/graphql", async (asked, reply) =>
    reply.type("application/json; charset=utf-8").send(await answer(asked.body.variables)),
  );
  return { url: await app.listen({ host: "127.0.0.1", port: 0 }) };
});

async function answerOf(
  order: HandWrittenOrder,
): Promise<(variables: Readonly<Record<string, string>>) => string | Promise<string>> {
  if (order.kind === "static") return () => order.text;
  const ask = order.kind === "fetching" ? overHttp(order.urls) : await inProcess(order);
  return async (variables) => {
    const first = await ask("merchants", variables);
    const merchant = dataOf(first)["merchant"] as Record<string, unknown>;
    const representations = [{ __typename: "Merchant", id: merchant["id"] }];
    const others = await Promise.all([
      ask("transactions", { representations }),
      ask("signals", { representations }),
    ]);
    const { __typename: _name, ...whole } = Object.assign(
      {},
      merchant,
      ...others.map((other) => (dataOf(other)["_entities"] as readonly object[])[0]),
    ) as Record<string, unknown>;
    return JSON.stringify({ data: { merchant: whole } });
  };
}

function dataOf({ data, errors }: SubgraphAnswer): Readonly<Record<string, unknown>> {
  if (data == null || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

function overHttp(urls: Readonly<Record<string, string>>): Ask {
  const dispatcher = new Agent({ connections: 64, keepAliveTimeout: 30_000 });
  return async (subgraph, variables) => {
    const { body } = await request(urls[subgraph] ?? "", {
      method: "POST",
      dispatcher,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: SUBGRAPH_QUERIES[subgraph], variables }),
    });
    return (await body.json()) as SubgraphAnswer;
  };
}

async function inProcess(options: SubgraphsOptions): Promise<Ask> {
  const subgraphs = new Map((await openSubgraphs(options)).map((subgraph) => [subgraph.name, subgraph]));
  return async (name, variables) => {
    const subgraph = subgraphs.get(name);
    if (subgraph === undefined) throw new Error(`no subgraph ${name}`);
    const body = JSON.stringify({ query: SUBGRAPH_QUERIES[name], variables });
    return subgraph.execute({ permit: undefined, body });
  };
}
