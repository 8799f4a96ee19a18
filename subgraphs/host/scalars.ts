import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { BureauError } from "../../schema/errors.js";

function refuse(what: string): never {
  throw new GraphQLError(`Not a valid ${what}.`, { extensions: { code: "BAD_USER_INPUT" } });
}

function textScalar(name: string, description: string, pattern: RegExp, normalize = (text: string) => text) {
  const parse = (value: unknown): string => {
    if (typeof value !== "string") return refuse(name);
    const text = normalize(value);
    return pattern.test(text) ? text : refuse(name);
  };
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: (value) => {
      if (typeof value !== "string") throw new BureauError("SERVICE_UNAVAILABLE", `${name} holds no text`);
      return value;
    },
    parseValue: parse,
    parseLiteral: (node: ValueNode) => (node.kind === Kind.STRING ? parse(node.value) : refuse(name)),
  });
}

/** 18 characters of the USCC alphabet; the check digit is judged elsewhere, since real codes that fail it exist. */
export const MerchantIdScalar = textScalar(
  "MerchantId",
  "A unified social credit code (GB 32100-2015): 18 characters of 0-9 A-H J-N P-R T U W X Y.",
  /^[0-9A-HJ-NPQRTUWXY]{18}$/,
  (text) => text.trim().normalize("NFKC").toUpperCase(),
);

/** A calendar month. */
export const MonthScalar = textScalar("Month", "A calendar month, `YYYY-MM`.", /^[0-9]{4}-(0[1-9]|1[0-2])$/);

const INSTANT =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/;

function parseInstant(value: unknown): Date {
  if (typeof value !== "string" || !INSTANT.test(value)) return refuse("Instant");
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? refuse("Instant") : instant;
}

/** An instant; internal value `Date`. */
export const InstantScalar = new GraphQLScalarType<Date, string>({
  name: "Instant",
  description: "An instant, RFC 3339; answers are UTC with milliseconds.",
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : undefined),
});

function parseMinor(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : refuse("Minor");
}

/** Minor units of a currency. */
export const MinorScalar = new GraphQLScalarType<number, number>({
  name: "Minor",
  description:
    "An amount in minor units (fen, cent) of its currency: an integer of at most 2^53 - 1 either way.",
  serialize: (value) => {
    const amount = Number(value);
    if (!Number.isSafeInteger(amount)) throw new BureauError("SERVICE_UNAVAILABLE", "amount out of range");
    return amount;
  },
  parseValue: parseMinor,
  parseLiteral: (node) => parseMinor(node.kind === Kind.INT ? Number(node.value) : undefined),
});
