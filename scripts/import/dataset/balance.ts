import { formatMinor, sum } from "./minor-units.js";

/** A count of rows or records, and what they are worth where they carry money. */
export interface Measure {
  readonly count: number;
  readonly amountMinor?: number;
}

/** One claim of a reconciliation: the parts make up the whole, in number and to the minor unit. */
export interface Balance {
  readonly name: string;
  readonly whole: Measure;
  readonly parts: readonly (Measure & { readonly name: string })[];
}

export function isBalanced({ whole, parts }: Balance): boolean {
  const isCounted = sum(parts.map((part) => part.count)) === whole.count;
  return isCounted && sum(parts.map((part) => part.amountMinor ?? 0)) === (whole.amountMinor ?? 0);
}

/** The claim in lines of text, ended by its verdict; empty parts are left out, unless they are all there is. */
export function describeBalance(balance: Balance): string[] {
  const filled = balance.parts.filter((part) => part.count !== 0 || (part.amountMinor ?? 0) !== 0);
  const isSound = isBalanced(balance);
  return [
    `${describe(balance.name, balance.whole)}${isSound ? "  balanced" : "  DOES NOT BALANCE"}`,
    ...filled.map((part) => describe(`  ${part.name}`, part)),
  ];
}

function describe(name: string, { count, amountMinor }: Measure): string {
  const amount = amountMinor === undefined ? "" : formatMinor(amountMinor);
  return `${name.padEnd(46)} ${String(count).padStart(9)} ${amount.padStart(17)}`.trimEnd();
}
