/** Codes of the unassigned division 99xxxx: companies, sole traders, and one of whom nobody has heard. */
export const MERCHANTS = [
  "91990100MA0000A193",
  "92990100MA0000B234",
  "93990100MA0000C387",
  "92990100MA00000070",
  "91990100MA0000E1X7",
] as const;

/** The last of {@link MERCHANTS} never consents to anybody. */
export const CONSENTING = MERCHANTS.slice(0, 4);

export const BANKS = ["first-bank", "second-bank"] as const;

export const OFFICER = "officer-1";
export const PLATFORM = "taoyuan-market";

/** Whoever a value can belong to; the position is the digit of numbers. */
export const OWNERS: readonly string[] = [...MERCHANTS, ...BANKS, OFFICER, PLATFORM];
