/** Turns a setting's text into its value. `expects` completes the sentence "must be …" and is shown in the docs. */
export interface Parser<T> {
  readonly expects: string;
  /** Returns undefined when the text is not what is expected. */
  parse(text: string): T | undefined;
  /** How a value is shown; secrets are never asked. Default: `String`. */
  format?(value: T): string;
}

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number): Parser<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    parse: (text) => within(/^-?\d{1,15}$/.test(text) ? Number(text) : undefined, min, max),
  };
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTE_UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A span of time such as `250ms`, `30s`, `5m`, `12h` or `90d`; the value is in milliseconds. */
export function durationMs(minMs: number, maxMs: number): Parser<number> {
  return withUnits(DURATION_UNITS, "a duration", [minMs, maxMs]);
}

/** A size such as `512B`, `64KiB`, `8MiB` or `1GiB`; the value is in bytes. */
export function bytes(minBytes: number, maxBytes: number): Parser<number> {
  return withUnits(BYTE_UNITS, "a size", [minBytes, maxBytes]);
}

function withUnits(
  units: Readonly<Record<string, number>>,
  noun: string,
  [min, max]: readonly [number, number],
): Parser<number> {
  const format = (value: number): string => {
    const fitting = Object.entries(units).filter(
      ([, size]) => value % size === 0 && (value >= size || size === 1),
    );
    const [unit, size] = fitting.at(-1) ?? ["", 1];
    return `${value / size}${unit}`;
  };
  return {
    expects: `${noun} from ${format(min)} to ${format(max)} with its unit (${Object.keys(units).join(", ")})`,
    parse: (text) => {
      const [, digits, unit = ""] = /^(\d{1,12})([A-Za-z]+)$/.exec(text) ?? [];
      const size = Object.hasOwn(units, unit) ? units[unit] : undefined;
      return digits === undefined || size === undefined ? undefined : within(Number(digits) * size, min, max);
    },
    format,
  };
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value === undefined || value < min || value > max ? undefined : value;
}

/** `true` or `false`, nothing looser: a switch that was misspelt must not count as off. */
export function boolean(): Parser<boolean> {
  const values = new Map([
    ["true", true],
    ["false", false],
  ]);
  return { expects: "true or false", parse: (text) => values.get(text) };
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Parser<Word> {
  return { expects: `one of ${words.join(", ")}`, parse: (text) => words.find((word) => word === text) };
}

/** Any text of 1 to `max` characters on one line. */
export function string(max = 1_000): Parser<string> {
  return {
    expects: `a line of text of at most ${max} characters`,
    parse: (text) => (text.length <= max && !/[\u0000-\u001f\u007f]/.test(text) ? text : undefined),
  };
}

/** A folder or file; relative ones start where the process was started. */
export function path(): Parser<string> {
  return {
    expects: "a path",
    parse: (text) => (text.length <= 4_096 && !text.includes("\0") ? text : undefined),
  };
}

/** An absolute address without name or password in it; `https` and `http` unless said otherwise. */
export function url(schemes: readonly string[] = ["https", "http"]): Parser<string> {
  return {
    expects: `an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
    parse: (text) => {
      const parsed = URL.parse(text);
      if (parsed === null || !schemes.includes(parsed.protocol.slice(0, -1))) return undefined;
      return parsed.username === "" && parsed.password === "" ? text : undefined;
    },
  };
}

/** The address of a server such as PostgreSQL or Redis. It may carry a password: make the setting a secret. */
export function connectionString(schemes: readonly string[]): Parser<string> {
  return {
    expects: `an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
    // A Unix socket's address has no host, which `URL` refuses in some schemes; the driver reads the rest.
    parse: (text) => (schemes.some((scheme) => text.startsWith(`${scheme}://`)) ? text : undefined),
  };
}

/** A host and a TCP port. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port` without name or password; an IPv6 address stands in brackets. */
export function hostAndPort(): Parser<HostAndPort> {
  return {
    expects: "host:port",
    parse: (text) => {
      const [, bracketed, plain, digits] =
        /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})$/.exec(text) ?? [];
      const host = bracketed ?? plain;
      const port = Number(digits);
      return host === undefined || !(port >= 1 && port <= 65_535) ? undefined : { host, port };
    },
    format: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  };
}

/** Several values with commas between; at most `max`, none of them twice. */
export function list<T>(item: Parser<T>, max = 100): Parser<readonly T[]> {
  return {
    expects: `up to ${max} values with commas between, each ${item.expects}`,
    parse: (text) => {
      const words = text.split(",").map((word) => word.trim());
      if (words.length > max || new Set(words).size !== words.length) return undefined;
      const values = words.map((word) => (word === "" ? undefined : item.parse(word)));
      const good = values.filter((value): value is T & {} => value !== undefined);
      return good.length === values.length ? Object.freeze(good) : undefined;
    },
    format: (values) => values.map((value) => item.format?.(value) ?? String(value)).join(","),
  };
}
