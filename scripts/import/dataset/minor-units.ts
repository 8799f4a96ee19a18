/**
 * A decimal amount as written ("58.90", "541.0", "37") in integer minor units, without passing through a float.
 * @throws RangeError on anything but digits with at most two decimals that matter
 */
export function parseMinor(text: string): number {
  const match = /^(\d{1,13})(?:\.(\d{1,2})0*)?$/.exec(text);
  if (match === null) throw new RangeError(`not an amount: ${JSON.stringify(text)}`);
  const [, whole = "", decimals = ""] = match;
  return Number(whole) * 100 + Number(decimals.padEnd(2, "0"));
}

/** `123456` as `1,234.56`. */
export function formatMinor(minor: number): string {
  const sign = minor < 0 ? "-" : "";
  const cents = Math.abs(minor);
  const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}${whole}.${String(cents % 100).padStart(2, "0")}`;
}

/** The sum of a list. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
