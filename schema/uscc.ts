/**
 * The unified social credit code (GB 32100-2015): 18 characters of digits and capitals without I, O, S, V and Z.
 * Length and alphabet refuse; the check digit only warns, for wrong codes do stand in registers.
 */
const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const SHAPE = /^[0-9A-HJ-NPQRTUWXY]{18}$/;

/** Whose rights apply: a sole trader is a natural person, any other code an enterprise. */
export const REGIMES = ["ENTERPRISE", "INDIVIDUAL"] as const;
export type Regime = (typeof REGIMES)[number];

/** Full-width forms (U+FF01 to U+FF5E) to ASCII, blanks cut off at the ends, letters to capitals. */
export function normalizeUscc(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .trim()
    .toUpperCase();
}

/**
 * True when `text`, already normalized, has the length and the alphabet of a code; the check digit is not looked
 * at.
 */
export function isUscc(text: string): boolean {
  return SHAPE.test(text);
}

/** The normalized code, or `undefined` when its length or alphabet is wrong. */
export function parseUscc(text: string): string | undefined {
  const code = normalizeUscc(text);
  return isUscc(code) ? code : undefined;
}

/**
 * True when the 18th character is the check digit of the first 17: 31 - (sum of value * 3^i mod 31) mod 31, 31 as 0.
 * False also for text that is no code at all.
 */
export function isUsccChecksumValid(uscc: string): boolean {
  if (!isUscc(uscc)) return false;
  let sum = 0;
  let weight = 1;
  for (let index = 0; index < 17; index += 1) {
    sum += ALPHABET.indexOf(uscc.charAt(index)) * weight;
    weight = (weight * 3) % 31;
  }
  return ALPHABET.charAt((31 - (sum % 31)) % 31) === uscc.charAt(17);
}

/** `INDIVIDUAL` for sole traders (prefix 92), whose data is personal information. */
export function usccRegime(uscc: string): Regime {
  return uscc.startsWith("92") ? "INDIVIDUAL" : "ENTERPRISE";
}
