import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { BureauError } from "../../../schema/errors.js";

/** Where a record stands in its list: an instant or a day, then what tells records of the same instant apart. */
export type RecordPosition = readonly string[];

/** A list of one merchant's records; a cursor of one list is none of another. */
export interface RecordList {
  readonly merchant: string;
  readonly list: string;
}

/** Longest cursor that is looked at; the longest one given out has about 3,000 characters. */
const CURSOR_CHARACTERS_MAX = 4_096;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

/**
 * Names single records for the world outside. A platform's own order number is known to its buyer too, and a bank may have that
 * buyer as a customer; so records leave under pseudonyms, and the positions in cursors are sealed (AES-256-GCM, NIST SP
 * 800-38D), which also makes a changed cursor, or one of another list, fail.
 */
export class RecordNames {
  readonly #idKey: Buffer;
  readonly #cursorKey: Buffer;
  readonly #nonceKey: Buffer;

  /** `secret` is what `record_secret` of the subgraph's schema holds; the same secret gives the same names. */
  constructor(secret: Buffer) {
    const derive = (use: string) => createHmac("sha256", secret).update(use).digest();
    this.#idKey = derive("record id");
    this.#cursorKey = derive("cursor");
    this.#nonceKey = derive("cursor nonce");
  }

  /** The pseudonym of a record: 32 hexadecimal digits, the same for good and for every asker. */
  idOf(merchant: string, kind: string, ...key: readonly string[]): string {
    const name = JSON.stringify([merchant, kind, ...key]);
    return createHmac("sha256", this.#idKey).update(name).digest("hex").slice(0, 32);
  }

  /** The cursor of a position. The nonce depends on all that is sealed, so that it never serves two texts. */
  seal(of: RecordList, position: RecordPosition): string {
    const bound = boundTo(of);
    const text = JSON.stringify(position);
    const nonce = createHmac("sha256", this.#nonceKey).update(bound).update(text).digest();
    const cipher = createCipheriv(CIPHER, this.#cursorKey, nonce.subarray(0, NONCE_BYTES));
    cipher.setAAD(bound);
    const sealed = [cipher.update(text, "utf8"), cipher.final()];
    return Buffer.concat([nonce.subarray(0, NONCE_BYTES), ...sealed, cipher.getAuthTag()]).toString(
      "base64url",
    );
  }

  /** The position of a cursor. @throws BAD_USER_INPUT for any text that {@link seal} did not make for this list */
  open(of: RecordList, cursor: string): RecordPosition {
    const bytes = cursor.length <= CURSOR_CHARACTERS_MAX ? Buffer.from(cursor, "base64url") : Buffer.alloc(0);
    if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString("base64url") !== cursor) throw refuse();
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#cursorKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(of));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8");
      return JSON.parse(text + decipher.final("utf8")) as RecordPosition;
    } catch (error) {
      throw refuse(error);
    }
  }
}

function boundTo({ merchant, list }: RecordList): Buffer {
  return Buffer.from(JSON.stringify([list, merchant]));
}

function refuse(cause?: unknown): BureauError {
  const problem = "after is no cursor of this list";
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument: "after", problem }, cause });
}
