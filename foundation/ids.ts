import { randomBytes, randomUUID } from "node:crypto";

/**
 * A UUID version 7 (RFC 9562 section 5.7): sorts by creation time, so that keys stay close in an index.
 * `atMs` is milliseconds since the epoch.
 */
export function uuidv7(atMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(atMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A random identifier without any order or meaning (RFC 9562 version 4). */
export function randomId(): string {
  return randomUUID();
}
