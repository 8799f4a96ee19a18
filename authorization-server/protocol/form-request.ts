import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { TokenVerifier } from "../../foundation/tokens.js";

/** A token that nobody was ever given: revoking it changes nothing, introspecting it says so. */
const UNKNOWN = "unknown";

/**
 * The form of RFC 7009 and RFC 7662 with a signed access token replaced by its `jti`, under which it is on record:
 * the package takes tokens without structure only. What does not verify is a token that nobody was given.
 */
export async function withTokenId(form: URLSearchParams, verify: TokenVerifier): Promise<URLSearchParams> {
  const tokens = form.getAll("token");
  const [token = ""] = tokens;
  if (tokens.length !== 1 || !token.includes(".")) return form;
  const claims = await verify(token).catch(() => undefined);
  const named = new URLSearchParams(form);
  named.set("token", typeof claims?.["jti"] === "string" ? claims["jti"] : UNKNOWN);
  return named;
}

/** A request whose body was read, to be read once more by somebody who wants a stream. */
export function replay(raw: IncomingMessage, form: URLSearchParams): IncomingMessage {
  const body = Buffer.from(form.toString());
  const { method, url, socket, httpVersion, httpVersionMajor, httpVersionMinor } = raw;
  const headers = { ...raw.headers, "content-length": String(body.length) };
  delete headers["transfer-encoding"];
  const stream = Readable.from([body], { objectMode: false });
  const fields = {
    method,
    url,
    headers,
    socket,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    complete: true,
  };
  return Object.assign(stream, fields) as unknown as IncomingMessage;
}
