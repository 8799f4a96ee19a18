import type { BlockList } from "node:net";
import { isIPv6 } from "node:net";
import type { FastifyRequest } from "fastify";

/** What a request says about who sends it, as it came over the wire. Nothing in it is believed yet. */
export interface RequestFacts {
  /** Each value of the Authorization header. */
  readonly authorization: readonly string[];
  /** Each value of the DPoP header. */
  readonly dpop: readonly string[];
  /** HTTP method, upper case. */
  readonly method: string;
  /** The address that the client called, query included: our public address and the path of the request. */
  readonly url: string;
  /** Each value of Client-Cert (RFC 9440) that a pinned TLS terminator set; from anybody else the header is absent. */
  readonly clientCertificate: readonly string[];
  readonly requestId: string;
}

export interface FactsOptions {
  /** What clients call, without a slash at the end; `undefined` takes the address that the connection came in on. */
  readonly publicUrl: string | undefined;
  /** The peers whose Client-Cert header is believed. */
  readonly terminators: BlockList;
}

/** Reads the facts of a request. */
export type ReadFacts = (request: FastifyRequest) => RequestFacts;

/**
 * Builds the reader of requests. Headers are counted as they came (Node keeps only the first of two Authorization
 * headers); forwarded addresses and the Host header are never asked: whoever sends them chooses them.
 */
export function createReadFacts({ publicUrl, terminators }: FactsOptions): ReadFacts {
  return (request) => {
    const { raw } = request;
    return {
      authorization: valuesOf(raw.rawHeaders, "authorization"),
      dpop: valuesOf(raw.rawHeaders, "dpop"),
      method: raw.method ?? "",
      url: (publicUrl ?? ownAddress(raw.socket)) + pathOf(raw.url ?? ""),
      clientCertificate: isTerminator(raw.socket.remoteAddress, terminators)
        ? valuesOf(raw.rawHeaders, "client-cert")
        : [],
      requestId: request.id,
    };
  };
}

function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

function isTerminator(peer: string | undefined, terminators: BlockList): boolean {
  return peer !== undefined && terminators.check(peer, isIPv6(peer) ? "ipv6" : "ipv4");
}

function ownAddress({ localAddress, localPort }: { localAddress?: string; localPort?: number }): string {
  const host = localAddress?.replace(/^::ffff:/, "") ?? "127.0.0.1";
  return `http://${isIPv6(host) ? `[${host}]` : host}:${localPort ?? 80}`;
}

/** A request line may hold a whole address (RFC 9112 section 3.2.2); only its path is the request's. */
function pathOf(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
}
