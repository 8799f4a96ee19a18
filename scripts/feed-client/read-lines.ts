import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { BureauError } from "../../schema/errors.js";
import { LINE_BYTES_MAX, LineSplitter } from "../../subgraphs/host/feeds/split-lines.js";
import { UsageError } from "./terminal.js";

/** A file of lines that is open for reading. */
export interface LineFile {
  /** Size on disk. */
  readonly bytes: number;
  /** Bytes of the file consumed so far: the measure of progress, also of a compressed file. */
  readonly consumed: () => number;
  /** The lines without their newlines, read once. @throws UsageError when reading or unpacking fails */
  readonly lines: AsyncIterable<Uint8Array>;
}

/** Opens a plain or gzip'd file (told by its first bytes, not its name). @throws UsageError when it cannot be read */
export async function openLines(path: string): Promise<LineFile> {
  const { bytes, isGzip } = await inspect(path);
  const file = createReadStream(path);
  return { bytes, consumed: () => file.bytesRead, lines: splitLines(path, file, isGzip) };
}

async function inspect(path: string): Promise<{ readonly bytes: number; readonly isGzip: boolean }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error("it is not a file");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return { bytes: stat.size, isGzip: bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b };
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  } finally {
    await handle?.close();
  }
}

async function* splitLines(
  path: string,
  file: NodeJS.ReadableStream,
  isGzip: boolean,
): AsyncGenerator<Uint8Array> {
  const decoder = isGzip ? createGunzip() : undefined;
  file.on("error", (error: Error) => decoder?.destroy(error));
  const bytes = decoder === undefined ? file : file.pipe(decoder);
  const splitter = new LineSplitter();
  try {
    for await (const chunk of bytes) for (const line of splitter.push(chunk as Buffer)) yield line.bytes;
    for (const line of splitter.end()) yield line.bytes;
  } catch (error) {
    if (error instanceof BureauError && error.code === "FEED_LINE_TOO_LONG") {
      throw new UsageError(
        `${path}, line ${String(error.facts["line"])}: longer than ${LINE_BYTES_MAX} bytes`,
      );
    }
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  } finally {
    decoder?.destroy();
  }
}
