import type { GraphQLFormattedError } from "graphql";
import { isErrorCode } from "../../schema/errors.js";
import { maskedError, safeError } from "./safe-error.js";

/** The last look at an error, at every door: registered codes with their facts, what is masked already, else a mask. */
export function tellError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const { code, errorId } = formatted.extensions ?? {};
  if (code === "INTERNAL_SERVER_ERROR" && typeof errorId === "string")
    return { ...formatted, extensions: { code, errorId } };
  const { message, extensions } = isErrorCode(code) ? safeError(formatted) : maskedError();
  return { ...formatted, message, extensions: { ...extensions } };
}
