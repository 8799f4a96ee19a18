import { createReadStream, existsSync } from "node:fs";
import path from "node:path";
import { PassThrough, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { UsageError } from "../../feed-client/terminal.js";

/** A data set that is not as expected; the message names the file and, where it is one row's fault, the row. */
export class DatasetError extends UsageError {}

/** The path of a table in a folder, as `name.csv.gz` or `name.csv`; `undefined` where there is none. */
export function findTable(folder: string, name: string): string | undefined {
  return [`${name}.csv.gz`, `${name}.csv`]
    .map((file) => path.join(folder, file))
    .find((file) => existsSync(file));
}

/**
 * The rows of a CSV file, plain or gzip'd by its name, as `read` makes of them. Blanks around column names are cut off.
 * @throws DatasetError when the file cannot be read, a column is missing, or `read` refuses a row (RangeError)
 */
export async function* readCsv<C extends string, T>(
  file: string,
  columns: readonly C[],
  read: (row: Readonly<Record<C, string>>) => T,
): AsyncGenerator<T> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) =>
      requireColumns(
        file,
        header.map((name) => name.trim()),
        columns,
      ),
  });
  let row = 1;
  const decoder = file.endsWith(".gz") ? createGunzip() : new PassThrough();
  // A failure anywhere destroys the parser with it, so the loop below throws it.
  pipeline(createReadStream(file), decoder, parser, () => undefined);
  try {
    for await (const record of parser) {
      row += 1;
      yield read(record as Readonly<Record<C, string>>);
    }
  } catch (error) {
    if (error instanceof RangeError)
      throw new DatasetError(`${file}, row ${row}: ${error.message}`, { cause: error });
    const isFault = error instanceof CsvError || (error as NodeJS.ErrnoException).code !== undefined;
    if (isFault) throw new DatasetError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
    throw error;
  }
}

/** All rows at once. */
export async function readAll<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

function requireColumns(file: string, header: readonly string[], columns: readonly string[]): string[] {
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length > 0) throw new DatasetError(`${file} lacks the columns ${missing.join(", ")}`);
  return [...header];
}
