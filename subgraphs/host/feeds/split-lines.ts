import { BureauError } from "../../../schema/errors.js";

/** Longest line of a feed, in bytes, without its end. */
export const LINE_BYTES_MAX = 1024 * 1024;

const NEWLINE = 0x0a;
const NOTHING = new Uint8Array(0);

/** One line of a feed, without its newline; `line` counts from 1 and counts blank lines too. */
export interface FeedLine {
  readonly line: number;
  readonly bytes: Uint8Array;
}

/**
 * Cuts a stream of bytes into lines; holds at most one unfinished line. A byte-order mark at the very start is
 * dropped.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;
  #line = 0;

  /** The lines that `chunk` completes. @throws FEED_LINE_TOO_LONG with the line's number */
  push(chunk: Uint8Array): FeedLine[] {
    const lines: FeedLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (end > start) this.#hold(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return lines;
  }

  /** The last line, when the stream did not end with a newline. */
  end(): FeedLine[] {
    return this.#length === 0 ? [] : [this.#take()];
  }

  #hold(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > LINE_BYTES_MAX) {
      throw new BureauError("FEED_LINE_TOO_LONG", undefined, {
        facts: { line: this.#line + 1, bytesMax: LINE_BYTES_MAX },
      });
    }
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): FeedLine {
    const [first] = this.#parts;
    // Millions of blank lines fit into a small gzip; each costs as little as it can.
    if (first === undefined) return { line: (this.#line += 1), bytes: NOTHING };
    const joined = this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    this.#line += 1;
    return { line: this.#line, bytes: this.#line === 1 ? withoutMark(joined) : joined };
  }
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
