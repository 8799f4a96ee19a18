import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { FeedRecord } from "../../../schema/feeds/records.js";
import { FEED_SCHEMAS } from "../../../schema/feeds/schemas.js";
import type { Refusal } from "./read-json.js";

/** Longest name of an unknown property that a report repeats. */
const NAME_CHARS_MAX = 64;

// The pattern of the schema judges the shape; these judge only that the day exists, which no pattern says readably.
const ajv = new Ajv2020({
  allErrors: false,
  strict: true,
  ownProperties: true,
  formats: { "date-time": isRealDay, date: isRealDay },
});

const validators = new Map<FeedKind, ValidateFunction<FeedRecord>>();

/** True when the month of `YYYY-MM-DD...` has that day. */
function isRealDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (!(day > 28)) return true;
  return new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day)).getUTCDate() === day;
}

/**
 * The value as a record of the kind, or the first thing that its schema refuses. The report names fields, never
 * values.
 */
export function validateRecord(
  kind: FeedKind,
  value: object,
): { readonly record: FeedRecord } | { readonly refusal: Refusal } {
  const validate = validatorOf(kind);
  if (validate(value)) return { record: value };
  return { refusal: refusalOf(validate.errors?.[0]) };
}

function validatorOf(kind: FeedKind): ValidateFunction<FeedRecord> {
  const known = validators.get(kind);
  if (known !== undefined) return known;
  const made = ajv.compile<FeedRecord>(FEED_SCHEMAS[kind]);
  validators.set(kind, made);
  return made;
}

function refusalOf(error: ErrorObject | undefined): Refusal {
  const at = error?.instancePath ?? "";
  const params: Readonly<Record<string, unknown>> = error?.params ?? {};
  const refuse = (pointer: string, message: string): Refusal => ({
    pointer,
    code: "FEED_RECORD_INVALID",
    message,
  });
  switch (error?.keyword) {
    case "required":
      return refuse(`${at}/${escapeName(params["missingProperty"])}`, "The field is missing.");
    case "additionalProperties":
      return refuse(`${at}/${escapeName(params["additionalProperty"])}`, "There is no such field.");
    case "dependentRequired":
      return refuse(
        `${at}/${escapeName(params["missingProperty"])}`,
        `${String(params["property"])} needs this field.`,
      );
    case "enum":
      return refuse(at, `The value must be one of ${(params["allowedValues"] as string[]).join(", ")}.`);
    case "pattern":
      return refuse(at, `The value must match ${String(params["pattern"])}.`);
    case "format":
      return refuse(at, "There is no such day.");
    default:
      return refuse(at, `The value ${error?.message ?? "is not valid"}.`);
  }
}

function escapeName(name: unknown): string {
  return String(name).slice(0, NAME_CHARS_MAX).replaceAll("~", "~0").replaceAll("/", "~1");
}
