import { describe, expect, it } from "vitest";
import { isUscc, isUsccChecksumValid, normalizeUscc, parseUscc, usccRegime } from "../../schema/uscc.js";

const VALID = [
  "91990100MA0000A193",
  "92990100MA0000B234",
  "93990100MA0000C387",
  "91990100MA0000K04M",
  "92990100MA00000070",
  "91350100M000100Y43",
];

describe("the unified social credit code", () => {
  it.each(VALID)("%s has a right check digit", (code) => {
    expect(isUscc(code)).toBe(true);
    expect(isUsccChecksumValid(code)).toBe(true);
  });

  it.each(VALID)("every other last character of %s fails the check, and is still a code", (code) => {
    for (const last of "0123456789ABCDEFGHJKLMNPQRTUWXY".replace(code.charAt(17), "")) {
      const other = code.slice(0, 17) + last;
      expect(isUsccChecksumValid(other)).toBe(false);
      expect(parseUscc(other)).toBe(other);
    }
  });

  it("a change of any one character of the first 17 fails the check", () => {
    const code = "92990100MA0000B234";
    for (let index = 0; index < 17; index += 1) {
      const other = code.charAt(index) === "1" ? "2" : "1";
      expect(isUsccChecksumValid(code.slice(0, index) + other + code.slice(index + 1)), `at ${index}`).toBe(
        false,
      );
    }
  });

  it.each([
    "",
    "92990100MA0000B23",
    "92990100MA0000B2345",
    ..."IOSVZ".split("").map((c) => `92990100MA0000B23${c}`),
    "92990100MA0000B2\n4",
  ])("%j is refused for its length or alphabet", (text) => {
    expect(isUscc(text)).toBe(false);
    expect(parseUscc(text)).toBeUndefined();
    expect(isUsccChecksumValid(text)).toBe(false);
  });

  it("full-width, lower-case and padded spellings are one code", () => {
    const wide = "92990100MA0000B234".replace(/./g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
    expect(normalizeUscc(wide)).toBe("92990100MA0000B234");
    expect(parseUscc("\u3000 92990100ma0000b234 ")).toBe("92990100MA0000B234");
    expect(isUscc("92990100ma0000b234")).toBe(false);
  });

  it("only the prefix 92 is a natural person", () => {
    expect(usccRegime("92990100MA0000B234")).toBe("INDIVIDUAL");
    expect(usccRegime("91990100MA0000A193")).toBe("ENTERPRISE");
    expect(usccRegime("93990100MA0000C387")).toBe("ENTERPRISE");
  });
});
