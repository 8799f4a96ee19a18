import { createHash } from "node:crypto";
import { once } from "node:events";
import { createGzip } from "node:zlib";

/** A batch closes before it grows beyond this many decoded bytes, so that memory and one transaction stay bounded. */
export const BATCH_BYTES_MAX = 64 * 1024 * 1024;

/** What one request carries: whole lines, compressed, and what names them. */
export interface LineBatch {
  /** Counts from 1. */
  readonly ordinal: number;
  /** 1-based number of its first line in the whole input. */
  readonly firstLine: number;
  /** Lines that are not blank. */
  readonly records: number;
  /** Decoded bytes, newlines included. */
  readonly bytes: number;
  /** Lower-case hex, of the decoded bytes. */
  readonly sha256: string;
  readonly body: Buffer;
}

interface BatchLimits {
  readonly recordsMax: number;
  /** Default `BATCH_BYTES_MAX`. */
  readonly bytesMax?: number;
}

/**
 * Cuts lines (without their newlines) into batches. Only compressed bytes are held; a batch without records is left out,
 * though its blank lines still count in the numbering. The same input and limits make the same batches.
 */
export async function* batchLines(
  lines: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: BatchLimits,
): AsyncGenerator<LineBatch> {
  const bytesMax = limits.bytesMax ?? BATCH_BYTES_MAX;
  let ordinal = 1;
  let line = 0;
  let open = new OpenBatch(1);
  for await (const bytes of lines) {
    const isFull = open.records >= limits.recordsMax || open.bytes + bytes.length + 1 > bytesMax;
    if (isFull && open.records > 0) {
      yield { ordinal, ...(await open.close()) };
      ordinal += 1;
      open = new OpenBatch(line + 1);
    }
    line += 1;
    await open.add(bytes);
  }
  if (open.records > 0) yield { ordinal, ...(await open.close()) };
}

const NEWLINE = Buffer.from("\n");
const CHUNK_BYTES = 64 * 1024;

class OpenBatch {
  records = 0;
  bytes = 0;
  readonly #firstLine: number;
  readonly #hash = createHash("sha256");
  readonly #gzip = createGzip({ level: 4 });
  readonly #parts: Buffer[] = [];
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(firstLine: number) {
    this.#firstLine = firstLine;
    this.#gzip.on("data", (part: Buffer) => this.#parts.push(part));
  }

  async add(line: Uint8Array): Promise<void> {
    if (!isBlank(line)) this.records += 1;
    this.#waiting.push(line, NEWLINE);
    this.#waitingBytes += line.length + 1;
    this.bytes += line.length + 1;
    if (this.#waitingBytes >= CHUNK_BYTES) await this.#flush();
  }

  /** Each write costs a trip to another thread, so lines go in chunks. */
  async #flush(): Promise<void> {
    const chunk = Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#hash.update(chunk);
    if (!this.#gzip.write(chunk)) await once(this.#gzip, "drain");
  }

  async close(): Promise<Omit<LineBatch, "ordinal">> {
    await this.#flush();
    const ended = once(this.#gzip, "end");
    this.#gzip.end();
    await ended;
    return {
      firstLine: this.#firstLine,
      records: this.records,
      bytes: this.bytes,
      sha256: this.#hash.digest("hex"),
      body: Buffer.concat(this.#parts),
    };
  }
}

/** As the gateway counts: a line of blanks is no record. */
function isBlank(line: Uint8Array): boolean {
  const [first] = line;
  if (first === undefined) return true;
  return first !== 0x7b && Buffer.from(line).toString("utf8").trim() === "";
}
