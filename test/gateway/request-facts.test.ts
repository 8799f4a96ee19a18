import { once } from "node:events";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { network, networkList } from "../../foundation/config/network.js";
import { createReadFacts, type FactsOptions, type RequestFacts } from "../../gateway/http/request-facts.js";

let app: FastifyInstance;
let port: number;
let options: FactsOptions;

const trusting = (...texts: readonly string[]) =>
  networkList(texts.map((text) => network().parse(text)).filter((range) => range !== undefined));

beforeAll(async () => {
  app = Fastify();
  app.all("*", async (request) => createReadFacts(options)(request));
  await app.listen({ host: "127.0.0.1", port: 0 });
  ({ port } = app.server.address() as AddressInfo);
});
afterAll(async () => app.close());

/** Writes a request byte by byte as it is given. */
async function send(head: string): Promise<RequestFacts> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`${head}\r\nconnection: close\r\n\r\n`);
  let text = "";
  socket.on("data", (data: Buffer) => (text += data.toString()));
  await once(socket, "close");
  return JSON.parse(text.slice(text.indexOf("\r\n\r\n"))) as RequestFacts;
}

describe("the facts of a request", () => {
  it("count headers as they came, whatever Node keeps of them", async () => {
    options = { publicUrl: "https://bureau.example", terminators: trusting("127.0.0.1") };
    const facts = await send(
      [
        "POST /graphql?x=1 HTTP/1.1",
        "host: evil.test",
        "Authorization: DPoP one",
        "authorization: Bearer two",
        "DPoP: a",
        "dpop: b",
        "Client-Cert: :AA==:",
        "client-cert: :BB==:",
      ].join("\r\n"),
    );
    expect(facts).toMatchObject({
      authorization: ["DPoP one", "Bearer two"],
      dpop: ["a", "b"],
      clientCertificate: [":AA==:", ":BB==:"],
      method: "POST",
      url: "https://bureau.example/graphql?x=1",
    });
  });

  it("hold no certificate of a peer that is not pinned", async () => {
    options = { publicUrl: undefined, terminators: trusting("10.0.0.0/8", "::1") };
    const facts = await send("GET / HTTP/1.1\r\nhost: x\r\nclient-cert: :AA==:\r\nx-forwarded-for: 10.0.0.1");
    expect(facts.clientCertificate).toEqual([]);
  });

  it("take the address that the connection came in on where none is configured, and never the Host header", async () => {
    options = { publicUrl: undefined, terminators: trusting() };
    const facts = await send("GET /a HTTP/1.1\r\nhost: evil.test\r\nx-forwarded-host: evil.test");
    expect(facts.url).toBe(`http://127.0.0.1:${port}/a`);
  });

  it.each([
    ["a whole address", "https://evil.test/graphql", "https://bureau.example/graphql"],
    ["an address without a path", "http://evil.test", "https://bureau.example"],
    ["two slashes", "//evil.test/graphql", "https://bureau.example//evil.test/graphql"],
    ["user information", "http://a@evil.test/b", "https://bureau.example/b"],
  ])("keep the public address when the request line holds %s", async (_what, target, url) => {
    options = { publicUrl: "https://bureau.example", terminators: trusting() };
    expect((await send(`GET ${target} HTTP/1.1\r\nhost: evil.test`)).url).toBe(url);
  });
});
