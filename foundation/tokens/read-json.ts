import { isUtf8 } from "node:buffer";
import { JsonRefused, requireMeantNames, requireShallow } from "./json-rules.js";

/** A JSON object whose every member is meant: no name twice, none of the prototype's. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads bytes as one JSON object (RFC 8259) and judges the text, not what a parser made of it: well-formed UTF-8, at most
 * `depthMax` levels, no member twice in an object at any depth, no name of the prototype. The caller bounds the size.
 * @throws JsonRefused
 */
export function readJsonObject(bytes: Uint8Array, depthMax: number): JsonObject {
  if (!isUtf8(bytes)) throw new JsonRefused("not UTF-8");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  requireShallow(text, depthMax);
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new JsonRefused("not a JSON object");
  requireMeantNames(text);
  return value as JsonObject;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new JsonRefused("not JSON");
  }
}
