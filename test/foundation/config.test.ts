import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as parse from "../../foundation/config/parsers.js";
import type { Secret } from "../../foundation/config/secret.js";
import {
  ConfigError,
  configurationMarkdown,
  describeConfig,
  loadConfig,
  optional,
  optionalSecret,
  required,
  requiredSecret,
  withDefault,
} from "../../foundation/config.js";

const TABLE = {
  port: withDefault({
    env: "XINQIAO_PORT",
    doc: "Where it listens.",
    parse: parse.integer(1, 65_535),
    default: 4_000,
  }),
  timeoutMs: withDefault({
    env: "XINQIAO_TIMEOUT",
    doc: "How long.",
    parse: parse.durationMs(1, 60_000),
    default: 5_000,
  }),
  issuer: required({ env: "XINQIAO_ISSUER", doc: "Who signs tokens.", parse: parse.url() }),
  redis: optional({
    env: "XINQIAO_REDIS_URL",
    doc: "Shared state.",
    parse: parse.connectionString(["redis"]),
  }),
  key: requiredSecret({ env: "XINQIAO_KEY", doc: "Pseudonym key.", parse: parse.string(100) }),
};

const GOOD = { XINQIAO_ISSUER: "https://as.example", XINQIAO_KEY: "k-1" };

function load(environment: Record<string, string>, files: Record<string, string> = {}) {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error("ENOENT");
    return text;
  };
  return loadConfig(TABLE, { environment, readFile });
}

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("the configuration", () => {
  it("is typed, with defaults for what is absent, and frozen", () => {
    const config = load({ ...GOOD, XINQIAO_TIMEOUT: "2s" });
    const typed: { port: number; timeoutMs: number; issuer: string; redis: string | undefined; key: Secret } =
      config;
    expect({ ...typed, key: config.key.reveal() }).toEqual({
      port: 4_000,
      timeoutMs: 2_000,
      issuer: "https://as.example",
      redis: undefined,
      key: "k-1",
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("takes an empty variable for an absent one", () => {
    expect(load({ ...GOOD, XINQIAO_PORT: "" }).port).toBe(4_000);
    expect(problemsOf(() => load({ ...GOOD, XINQIAO_ISSUER: "" }))).toHaveLength(1);
  });

  it("reports all problems at once, unknown variables among them, and no value", () => {
    const bad = {
      XINQIAO_PORT: "99999",
      XINQIAO_TIMEOUT: "5",
      XINQIAO_PROT: "hush",
      XINQIAO_KEY: "a\nb",
      HOME: "/x",
    };
    expect(problemsOf(() => load(bad))).toEqual([
      "XINQIAO_PORT must be a whole number from 1 to 65535",
      "XINQIAO_TIMEOUT must be a duration from 1ms to 1m with its unit (ms, s, m, h, d)",
      "XINQIAO_ISSUER is required: Who signs tokens.",
      "XINQIAO_KEY must be a line of text of at most 100 characters",
      "XINQIAO_PROT is not a setting",
    ]);
  });

  it("lets variables of another room be", () => {
    const other = { audience: optional({ env: "XINQIAO_AUDIENCE", doc: "x", parse: parse.string() }) };
    const options = { environment: { ...GOOD, XINQIAO_AUDIENCE: "a" }, readFile: () => "" };
    expect(problemsOf(() => loadConfig(TABLE, options))).toEqual(["XINQIAO_AUDIENCE is not a setting"]);
    expect(problemsOf(() => loadConfig(TABLE, { ...options, alsoKnown: [other] }))).toEqual([]);
  });

  it("checks what must hold between settings once each is right", () => {
    const relations = ({ port }: { port: number }) => (port < 1_024 ? ["XINQIAO_PORT is privileged"] : []);
    const environment = { ...GOOD, XINQIAO_PORT: "80" };
    const run = (extra: object) =>
      loadConfig(TABLE, { environment: { ...environment, ...extra }, readFile: () => "", relations });
    expect(problemsOf(() => run({}))).toEqual(["XINQIAO_PORT is privileged"]);
    expect(problemsOf(() => run({ XINQIAO_PORT: "8080" }))).toEqual([]);
    expect(problemsOf(() => run({ XINQIAO_ISSUER: "" }))).toEqual([
      "XINQIAO_ISSUER is required: Who signs tokens.",
    ]);
  });
});

describe("a secret", () => {
  it("never shows itself, and reveals itself when asked", () => {
    const { key } = load(GOOD);
    const shown = [
      String(key),
      JSON.stringify({ key }),
      inspect(key),
      inspect({ key }, { showHidden: true }),
      `${key}`,
    ];
    for (const text of shown) expect(text).toContain("[secret]");
    expect(shown.join()).not.toContain("k-1");
    expect(key.reveal()).toBe("k-1");
  });

  it("may come from a file, without its last line break", () => {
    const environment = { XINQIAO_ISSUER: "https://as.example", XINQIAO_KEY_FILE: "key.txt" };
    expect(load(environment, { "key.txt": "from-file\n" }).key.reveal()).toBe("from-file");
  });

  it("may not come from both, nor from a file that is not there; nor may an open setting come from a file", () => {
    expect(problemsOf(() => load({ ...GOOD, XINQIAO_KEY_FILE: "x" }))).toEqual([
      "XINQIAO_KEY and XINQIAO_KEY_FILE are both set; keep one",
    ]);
    expect(problemsOf(() => load({ XINQIAO_ISSUER: "https://as.example", XINQIAO_KEY_FILE: "x" }))).toEqual([
      "XINQIAO_KEY_FILE names a file that cannot be read",
    ]);
    expect(problemsOf(() => load({ ...GOOD, XINQIAO_PORT_FILE: "x" }))).toEqual([
      "XINQIAO_PORT_FILE is not a setting",
    ]);
  });

  it("may be optional", () => {
    const table = { key: optionalSecret({ env: "XINQIAO_KEY", doc: "x", parse: parse.string() }) };
    const read = (environment: Record<string, string>) =>
      loadConfig(table, { environment, readFile: () => "" }).key;
    expect(read({})).toBeUndefined();
    expect(read({ XINQIAO_KEY: "a" })?.reveal()).toBe("a");
  });
});

describe("what is shown of the configuration", () => {
  it("has every setting's value, in the unit one would write, and hides secrets", () => {
    const rows = describeConfig(TABLE, load({ ...GOOD, XINQIAO_TIMEOUT: "1500ms" }));
    expect(rows).toEqual([
      { env: "XINQIAO_PORT", value: "4000", isDefault: true },
      { env: "XINQIAO_TIMEOUT", value: "1500ms", isDefault: false },
      { env: "XINQIAO_ISSUER", value: "https://as.example", isDefault: false },
      { env: "XINQIAO_REDIS_URL", value: "", isDefault: true },
      { env: "XINQIAO_KEY", value: "[secret]", isDefault: false },
    ]);
  });

  it("has every setting in the Markdown page", () => {
    const page = configurationMarkdown({ Gateway: TABLE });
    expect(page).toContain("## Gateway\n");
    expect(page).toContain(
      "| `XINQIAO_TIMEOUT` | How long. | a duration from 1ms to 1m with its unit (ms, s, m, h, d) | `5s` |",
    );
    expect(page).toContain("| required; secret, or `XINQIAO_KEY_FILE` |");
    expect(page).toContain("| none |");
  });
});

describe("a parser", () => {
  it.each<[name: string, parser: parse.Parser<unknown>, good: [string, unknown][], bad: string[]]>([
    [
      "integer",
      parse.integer(1, 10),
      [
        ["1", 1],
        ["10", 10],
      ],
      ["0", "11", "1.5", "1e1", " 1", "", "0x1"],
    ],
    [
      "durationMs",
      parse.durationMs(1, 86_400_000),
      [
        ["250ms", 250],
        ["1m", 60_000],
        ["1d", 86_400_000],
      ],
      ["0ms", "2d", "5", "1 s", "1S", "-1s", "1constructor"],
    ],
    [
      "bytes",
      parse.bytes(1, 2 ** 30),
      [
        ["512B", 512],
        ["8MiB", 8 * 2 ** 20],
      ],
      ["0B", "2GiB", "8MB", "8"],
    ],
    [
      "boolean",
      parse.boolean(),
      [
        ["true", true],
        ["false", false],
      ],
      ["1", "yes", "TRUE", ""],
    ],
    ["oneOf", parse.oneOf(["a", "b"]), [["a", "a"]], ["c", "A", ""]],
    ["string", parse.string(3), [["abc", "abc"]], ["abcd", "a\u0000"]],
    ["path", parse.path(), [["./x", "./x"]], ["a\0b"]],
    ["url", parse.url(["https"]), [["https://a/b", "https://a/b"]], ["http://a", "a", "https://me:pw@a"]],
    [
      "connectionString",
      parse.connectionString(["postgres"]),
      [["postgres:///d?host=/s", "postgres:///d?host=/s"]],
      ["redis://a", "d"],
    ],
    ["list", parse.list(parse.integer(1, 9), 3), [["1, 2", [1, 2]]], ["1,1", "1,,2", "1,x", "1,2,3,4"]],
  ])("%s takes what it expects and nothing else", (_name, parser, good, bad) => {
    for (const [text, value] of good) expect(parser.parse(text), text).toEqual(value);
    for (const text of bad) expect(parser.parse(text), JSON.stringify(text)).toBeUndefined();
    expect(parser.expects).not.toBe("");
  });
});
