import Fastify, { type FastifyInstance } from "fastify";
import {
  buildSchema,
  execute,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  MaxIntrospectionDepthRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

/** Sends one request with a token and gives the status and whatever came back. */
type Send = (init: {
  readonly method: "GET" | "POST";
  readonly search?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}) => Promise<{ readonly text: string; readonly json: any }>;

function senderTo(url: string, token: string): Send {
  return async ({ method, search = {}, headers = {}, body }) => {
    const address = new URL(url);
    for (const [name, value] of Object.entries(search)) address.searchParams.set(name, value);
    const response = await fetch(address, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    try {
      return { text, json: JSON.parse(text) };
    } catch {
      return { text, json: undefined };
    }
  };
}

const post = (send: Send, body: unknown) =>
  send({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const query = (send: Send, text: string) => post(send, { query: text, operationName: "cop" });
const times = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(" ");

/** The probes of graphql-cop, by its own titles and by what it takes for open. */
const PROBES: Readonly<Record<string, (send: Send) => Promise<boolean>>> = {
  "Alias Overloading": async (send) => {
    const { json } = await query(send, `query cop { ${times(101, (i) => `alias${i}: __typename`)} }`);
    return json?.data?.alias100 !== undefined;
  },
  "Array-based Query Batching": async (send) => {
    const one = { query: "query cop { __typename }", operationName: "cop" };
    const { json } = await post(
      send,
      Array.from({ length: 10 }, () => one),
    );
    return Array.isArray(json) && json.length >= 10;
  },
  "Directive Overloading": async (send) => {
    const { json } = await query(send, `query cop { __typename ${"@aa".repeat(10)} }`);
    return json?.errors?.length === 10;
  },
  "Introspection-based Circular Query": async (send) => {
    const circle = times(4, () => "fields { type {");
    const { json } = await query(
      send,
      `query cop { __schema { types { ${circle} name ${"} }".repeat(4)} } } }`,
    );
    return json?.data?.__schema?.types?.length > 25;
  },
  "Field Duplication": async (send) => {
    const { json } = await query(send, `query cop { ${times(500, () => "__typename")} }`);
    return json?.data?.__typename !== undefined;
  },
  "Mutation is allowed over GET": async (send) => {
    const { json } = await send({ method: "GET", search: { query: "mutation cop {__typename}" } });
    return json?.data?.__typename !== undefined;
  },
  "GET Method Query Support": async (send) => {
    const { json } = await send({ method: "GET", search: { query: "query cop {__typename}" } });
    return json?.data?.__typename !== undefined;
  },
  Introspection: async (send) => {
    const { json } = await query(send, "query cop { __schema { types { name fields { name } } } }");
    return json?.data?.__schema?.types !== undefined;
  },
  "GraphQL IDE": async (send) => {
    const { text } = await send({ method: "GET", headers: { accept: "text/html" } });
    return ["graphiql.min.css", "GraphQL Playground", "GraphiQL", "graphql-playground"].some((word) =>
      text.includes(word),
    );
  },
  "POST based url-encoded query": async (send) => {
    const { json } = await send({
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ query: "query cop { __typename }" }).toString(),
    });
    return json?.data?.__typename !== undefined;
  },
  "Trace Mode": async (send) => {
    const { json } = await query(send, "query cop { __typename }");
    return json?.errors?.[0]?.extensions?.tracing !== undefined || json?.extensions?.tracing !== undefined;
  },
  "Field Suggestions": async (send) => {
    const { json } = await query(send, "query cop { __schema { directive } }");
    return JSON.stringify(json?.errors ?? []).includes("Did you mean");
  },
  "Unhandled Errors Detection": async (send) => {
    const { json } = await query(send, "qwerty cop { abc }");
    return JSON.stringify(json?.errors ?? []).includes('"exception"');
  },
};

/** Everything that graphql-cop looks for, done wrong: the twin that shows that each probe finds something. */
function naiveServer(): FastifyInstance {
  const types = times(30, (i) => `type T${i} { next: T${i}, a: Int }`);
  const schema = buildSchema(`type Query { t: T0 } type Mutation { t: T0 } ${types}`);
  const app = Fastify();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.get("/graphql", async (request, reply) => {
    const { query: source } = request.query as { query?: string };
    if (source === undefined) return reply.type("text/html").send("<title>GraphiQL</title>");
    return naiveAnswer(schema, source);
  });
  app.post("/graphql", async (request) => {
    const bodies = request.body as { query: string } | { query: string }[];
    if (!Array.isArray(bodies)) return naiveAnswer(schema, bodies.query);
    return Promise.all(bodies.map(({ query: source }) => naiveAnswer(schema, source)));
  });
  return app;
}

async function naiveAnswer(schema: GraphQLSchema, source: string): Promise<object> {
  const { data, errors } = await runAnything(schema, source);
  const told = errors?.map(({ message, stack }) => ({ message, extensions: { exception: { stack } } }));
  return { data, ...(told === undefined ? {} : { errors: told }), extensions: { tracing: { version: 1 } } };
}

/** The library itself stops circles of introspection; here they run. */
async function runAnything(schema: GraphQLSchema, source: string): Promise<ExecutionResult> {
  try {
    const document = parse(source);
    const rules = specifiedRules.filter((rule) => rule !== MaxIntrospectionDepthRule);
    const errors = validate(schema, document, rules);
    return errors.length > 0 ? { errors } : await execute({ schema, document });
  } catch (error) {
    return { errors: [error as GraphQLError] };
  }
}

let bureau: TestBureau;
let naive: FastifyInstance;
let ours: Send;
let theirs: Send;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  naive = naiveServer();
  const at = { host: "127.0.0.1", port: 0 };
  const [url, other] = await Promise.all([bureau.gateway.app.listen(at), naive.listen(at)]);
  ours = senderTo(`${url}/graphql`, await bureau.token({ party: "merchant", id: ALICE }));
  theirs = senderTo(`${other}/graphql`, "nobody asks");
}, 60_000);
afterAll(async () => Promise.all([bureau.close(), naive.close()]));

describe("graphql-cop", () => {
  it.each(Object.entries(PROBES))("finds %s closed", async (_title, isOpen) => {
    expect(await isOpen(ours)).toBe(false);
  });

  it.each(Object.entries(PROBES))("twin: finds %s open where it is", async (_title, isOpen) => {
    expect(await isOpen(theirs)).toBe(true);
  });

  it("probes a house that answers", async () => {
    expect((await query(ours, "query cop { me { id } }")).json).toMatchObject({
      data: { me: { id: ALICE } },
    });
  });
});
