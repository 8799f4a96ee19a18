import { isUsccChecksumValid } from "../../schema/uscc.js";

const ALPHABET = [..."0123456789ABCDEFGHJKLMNPQRTUWXY"];
const ORGANIZATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

/**
 * A valid code that no real firm has: GB/T 2260 assigns no division 9901xx. `type` is 91 (enterprise) or 92 (sole trader),
 * `index` 0 to 899,999. The nine characters of the organization carry their own check digit (GB 11714).
 */
export function syntheticUscc(type: "91" | "92", index: number): string {
  const body = `MA${String(100_000 + index).padStart(6, "0")}`;
  const division = `9901${String(index % 20).padStart(2, "0")}`;
  const stem = `${type}${division}${body}${organizationCheck(body)}`;
  const check = ALPHABET.find((digit) => isUsccChecksumValid(stem + digit));
  if (check === undefined) throw new Error("no check digit fits");
  return stem + check;
}

function organizationCheck(body: string): string {
  const sum = ORGANIZATION_WEIGHTS.reduce(
    (total, weight, at) => total + weight * Number.parseInt(body.charAt(at), 36),
    0,
  );
  const check = 11 - (sum % 11);
  return check === 10 ? "X" : String(check % 11);
}
