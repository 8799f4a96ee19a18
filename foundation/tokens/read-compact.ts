import { JsonRefused } from "./json-rules.js";
import { type JsonObject, readJsonObject } from "./read-json.js";
import { KEY_ID, requireCanonical, requireKnownMembers } from "./text-rules.js";
import { TokenError } from "./token-error.js";

/** The text of a compact JWS, judged but not verified: nothing in it is true yet. */
export interface CompactText {
  readonly header: TokenHeader;
  readonly payload: JsonObject;
}

/** The protected header. */
export interface TokenHeader {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string | undefined;
  /** Only where the kind of token carries its key (RFC 9449 section 4.2). */
  readonly jwk: unknown;
}

export interface CompactLimits {
  readonly charactersMax: number;
  /** All the members that the header may have. */
  readonly headerMembers: ReadonlySet<string>;
}

const HEADER_CHARACTERS_MAX = 4_096;
/** `{ jwk: { key_ops: [] } }` */
const HEADER_DEPTH_MAX = 3;
const PAYLOAD_DEPTH_MAX = 12;

/**
 * Reads the three parts of a compact JWS (RFC 7515 section 7.1) and judges their text before any library sees it.
 * @throws TokenError `invalid`
 */
export function readCompact(token: string, limits: CompactLimits): CompactText {
  if (token.length > limits.charactersMax) throw new TokenError("invalid", "too long");
  requireCanonical(token);
  const [head = "", body = ""] = token.split(".");
  if (head.length > HEADER_CHARACTERS_MAX) throw new TokenError("invalid", "header too long");
  const header = readPart(head, HEADER_DEPTH_MAX, "header");
  requireKnownMembers(header, limits.headerMembers);
  const { alg, typ, kid, jwk } = header;
  if (typeof alg !== "string" || typeof typ !== "string") throw new TokenError("invalid", "no alg or typ");
  if (kid !== undefined && (typeof kid !== "string" || !KEY_ID.test(kid)))
    throw new TokenError("invalid", "kid is no key id");
  return { header: { alg, typ, kid, jwk }, payload: readPart(body, PAYLOAD_DEPTH_MAX, "payload") };
}

function readPart(part: string, depthMax: number, what: string): JsonObject {
  try {
    return readJsonObject(Buffer.from(part, "base64url"), depthMax);
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
    throw new TokenError("invalid", `${what}: ${error.message}`);
  }
}
