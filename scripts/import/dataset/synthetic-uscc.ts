import { createHash } from "node:crypto";
import { isUsccChecksumValid } from "../../../schema/uscc.js";

const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const ORGANIZATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

/**
 * A well-formed unified social credit code for a merchant of a public data set, which names none: the same seed always
 * makes the same code. Its division 99xxxx is unassigned (GB/T 2260 ends at 82), so it can be nobody's;
 * `91` says an enterprise registered with the market regulator.
 */
export function syntheticUscc(seed: string): string {
  const bytes = createHash("sha256").update(`synthetic-uscc/1\0${seed}`).digest();
  const division = String(bytes.readUInt32BE(0) % 10_000).padStart(4, "0");
  const organization = [...bytes.subarray(4, 12)]
    .map((byte) => ALPHABET.charAt(byte % ALPHABET.length))
    .join("");
  const body = `9199${division}${organization}${organizationCheck(organization)}`;
  const check = ALPHABET.split("").find((digit) => isUsccChecksumValid(body + digit));
  if (check === undefined) throw new Error(`no check digit for ${body}`);
  return body + check;
}

/** Check character of an organization code: 11 - (weighted sum mod 11), 10 as X, 11 as 0 (GB 11714-1997). */
function organizationCheck(organization: string): string {
  const total = organization.split("").reduce((sum, char, index) => {
    const value = /\d/.test(char) ? Number(char) : char.charCodeAt(0) - 55;
    return sum + value * (ORGANIZATION_WEIGHTS[index] ?? 0);
  }, 0);
  const check = 11 - (total % 11);
  return check === 10 ? "X" : check === 11 ? "0" : String(check);
}
