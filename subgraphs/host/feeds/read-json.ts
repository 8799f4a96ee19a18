import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "../../../schema/errors.js";

/** Deepest nesting of a record; no schema needs more than three. */
export const DEPTH_MAX = 32;

/** Why a line is not a record. */
export interface Refusal {
  readonly pointer: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A line read as a JSON object, or why it is none; `undefined` for a blank line. Never throws. */
export function readJson(
  bytes: Uint8Array,
): { readonly value: object } | { readonly refusal: Refusal } | undefined {
  if (!isUtf8(bytes)) return refuse("FEED_ENCODING_INVALID", "The line is not valid UTF-8.");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (text.trim() === "") return undefined;
  if (isTooDeep(text)) return refuse("FEED_RECORD_INVALID", `The record is nested deeper than ${DEPTH_MAX}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("FEED_RECORD_NOT_JSON", "The line is not valid JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("FEED_RECORD_NOT_JSON", "The line is not a JSON object.");
  }
  // Only an escape can smuggle in what PostgreSQL's jsonb refuses: the NUL and half a surrogate pair.
  if (text.includes("\\u") && !isStorable(value)) {
    return refuse("FEED_RECORD_INVALID", "A text of the record holds U+0000 or half a surrogate pair.");
  }
  return { value };
}

function refuse(code: ErrorCode, message: string): { readonly refusal: Refusal } {
  return { refusal: { pointer: "", code, message } };
}

/** Counts brackets outside strings, before any parser sees the text. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (inString) {
      if (char === 0x5c) index += 1;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  return false;
}

function isStorable(value: unknown): boolean {
  if (typeof value === "string") return !value.includes("\u0000") && !/\p{Surrogate}/u.test(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isStorable(inner));
}
