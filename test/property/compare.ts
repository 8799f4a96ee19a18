import type { GraphQLReply } from "../support/bureau.js";
import type { Prediction, PredictedError } from "./model/predict.js";

/** One way in which an answer is not what it must be: its kind, a colon, and where. */
export type Difference = string;

/** Everything in which an answer differs from its prediction; data, errors, decisions and status. */
export function compare(reply: GraphQLReply, predicted: Prediction): readonly Difference[] {
  return [
    ...(reply.status === predicted.status ? [] : [`status: ${reply.status}, not ${predicted.status}`]),
    ...compareData(reply.data, predicted.data, []),
    ...compareErrors(reply.errors, predicted.errors),
    ...compareInquiries(reply.extensions["inquiries"] ?? [], predicted.inquiries),
  ];
}

type Path = readonly (string | number)[];

function compareData(given: unknown, expected: unknown, path: Path): readonly Difference[] {
  const where = path.join(".") || "data";
  if (Array.isArray(given) && Array.isArray(expected)) {
    if (given.length !== expected.length)
      return [`length: ${where} has ${given.length} items, not ${expected.length}`];
    return given.flatMap((item, i) => compareData(item, expected[i], [...path, i]));
  }
  if (isObject(given) && isObject(expected)) {
    const [keys, wanted] = [Object.keys(given), Object.keys(expected)];
    const order =
      keys.length === wanted.length && keys.every((key, i) => key === wanted[i])
        ? []
        : [`keys: ${where} has ${keys.join(" ")}, not ${wanted.join(" ")}`];
    const both = wanted.filter((key) => Object.hasOwn(given, key));
    return [
      ...order,
      ...both.flatMap((key) => compareData(valueAt(given, key), valueAt(expected, key), [...path, key])),
    ];
  }
  if (Object.is(given, expected)) return [];
  if (expected == null) return [`leak: ${where} is ${JSON.stringify(given)}, not ${String(expected)}`];
  if (given == null) return [`missing: ${where} is ${String(given)}, not ${JSON.stringify(expected)}`];
  return [`taint: ${where} is ${JSON.stringify(given)}, not ${JSON.stringify(expected)}`];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own members only: a key may be called `__proto__`. */
function valueAt(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function compareErrors(
  given: GraphQLReply["errors"],
  expected: readonly PredictedError[],
): readonly Difference[] {
  const told = given.map(({ path, extensions }) => textOf(path, extensions["code"], extensions["category"]));
  const wanted = expected.map(({ path, code, category }) => textOf(path, code, category));
  return [
    ...without(told, wanted).map((text) => `error too many: ${text}`),
    ...without(wanted, told).map((text) => `error missing: ${text}`),
  ];
}

function textOf(path: Path | undefined, code: unknown, category: unknown): string {
  return `${path?.join(".") ?? "-"} ${String(code)} ${String(category ?? "-")}`;
}

/** What the first list has more of than the second; repetitions count. */
function without(list: readonly string[], taken: readonly string[]): readonly string[] {
  const left = [...taken];
  return list.filter((text) => {
    const position = left.indexOf(text);
    if (position === -1) return true;
    left.splice(position, 1);
    return false;
  });
}

function compareInquiries(
  given: readonly Readonly<Record<string, unknown>>[],
  expected: Prediction["inquiries"],
): readonly Difference[] {
  const told = given.map((inquiry) => JSON.stringify(pick(inquiry)));
  const wanted = expected.map((inquiry) => JSON.stringify(pick({ ...inquiry })));
  return told.length === wanted.length && told.every((text, i) => text === wanted[i])
    ? []
    : [`decision: inquiries are ${told.join(" ")}, not ${wanted.join(" ")}`];
}

const MEMBERS = [
  "merchant",
  "purpose",
  "reference",
  "decision",
  "consentId",
  "remainingUses",
  "granted",
  "withheld",
  "months",
  "accounts",
  "stage",
] as const;

function pick(inquiry: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(MEMBERS.map((member) => [member, inWords(inquiry[member])]));
}

/** Items of a list by their values, so that the order of their members says nothing. */
function inWords(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: object) =>
    Object.entries(item)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, member]) => String(member))
      .join(" "),
  );
}
