import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUscc, isUsccChecksumValid } from "../../schema/uscc.js";
import { describeBalance, isBalanced } from "../../scripts/import/dataset/balance.js";
import { createLocalTime } from "../../scripts/import/dataset/local-time.js";
import { formatMinor, parseMinor } from "../../scripts/import/dataset/minor-units.js";
import { syntheticUscc } from "../../scripts/import/dataset/synthetic-uscc.js";
import { allocate, allocateEach } from "../../scripts/import/olist/allocate.js";

describe("local times", () => {
  const { instantOf } = createLocalTime("America/Sao_Paulo");

  it.each([
    ["winter", "2018-08-14 20:43:09", "2018-08-14T23:43:09.000Z"],
    ["summer", "2018-01-14 14:33:00", "2018-01-14T16:33:00.000Z"],
    ["minutes only", "2018-01-14 14:33", "2018-01-14T16:33:00.000Z"],
    ["the last second before summer time", "2017-10-14 23:59:59", "2017-10-15T02:59:59.000Z"],
    ["a midnight that summer time skips", "2017-10-15 00:00:00", "2017-10-15T03:00:00.000Z"],
    ["the first hour of summer time", "2017-10-15 01:00:00", "2017-10-15T03:00:00.000Z"],
    ["an hour that comes twice is its first", "2018-02-17 23:30:00", "2018-02-18T01:30:00.000Z"],
    ["the midnight after it", "2018-02-18 00:00:00", "2018-02-18T03:00:00.000Z"],
    ["summer time that began late in 2018", "2018-11-03 23:59:59", "2018-11-04T02:59:59.000Z"],
    ["and no more in 2020", "2020-01-15 12:00:00", "2020-01-15T15:00:00.000Z"],
  ])("%s: %s is %s", (_, local, instant) => {
    expect(instantOf(local)).toBe(instant);
  });

  it.each([
    "",
    "2018-02-30 10:00:00",
    "2018-13-01 10:00:00",
    "2018-01-01 24:00:00",
    "2018-01-01",
    "14/01/2018 10:00",
  ])("refuses %j", (local) => expect(() => instantOf(local)).toThrow(RangeError));

  it("knows a zone without summer time", () => {
    expect(createLocalTime("Asia/Shanghai").instantOf("2020-02-21 00:00:02")).toBe(
      "2020-02-20T16:00:02.000Z",
    );
  });
});

describe("amounts", () => {
  it.each([
    ["58.90", 5890],
    ["541.0", 54100],
    ["37", 3700],
    ["0.07", 7],
    ["1.10", 110],
    ["29.990", 2999],
  ])("%s is %i", (text, minor) => {
    expect(parseMinor(text)).toBe(minor);
  });

  it.each(["", "-1", "1.005", "1e3", "1,5", " 1", "."])("refuses %j", (text) => {
    expect(() => parseMinor(text)).toThrow(RangeError);
  });

  it("reads back every amount it writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e14 }), (minor) => {
        expect(parseMinor(formatMinor(minor).replaceAll(",", ""))).toBe(minor);
      }),
    );
  });
});

describe("allocation", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 1e7 }), { minLength: 1, maxLength: 8 });
  const amount = fc.integer({ min: 0, max: 1e12 });

  it("gives the largest remainders the odd units, earlier first", () => {
    expect(allocate(100, [1, 1, 1])).toEqual([34, 33, 33]);
    expect(allocate(10, [15, 25, 60])).toEqual([2, 2, 6]);
    expect(allocate(1, [1, 2])).toEqual([0, 1]);
    expect(allocate(5, [0, 0])).toEqual([3, 2]);
  });

  it("loses nothing, and no part is off by a whole unit", () => {
    fc.assert(
      fc.property(amount, weights, (whole, shares) => {
        const parts = allocate(whole, shares);
        const total = shares.reduce((sum, share) => sum + share, 0);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole);
        if (total === 0) return;
        parts.forEach((part, index) => {
          const off = BigInt(part) * BigInt(total) - BigInt(whole) * BigInt(shares[index] ?? 0);
          expect(off > -BigInt(total) && off < BigInt(total)).toBe(true);
        });
      }),
    );
  });

  it("splits several amounts so that rows and columns add up", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e8 }), { minLength: 1, maxLength: 6 }),
        weights,
        (rows, shares) => {
          const cells = allocateEach(rows, shares);
          const whole = allocate(
            rows.reduce((sum, row) => sum + row, 0),
            shares,
          );
          cells.forEach((row, index) => expect(row.reduce((sum, cell) => sum + cell, 0)).toBe(rows[index]));
          whole.forEach((column, index) =>
            expect(cells.reduce((sum, row) => sum + (row[index] ?? 0), 0)).toBe(column),
          );
          expect(cells.flat().every((cell) => cell >= 0)).toBe(true);
        },
      ),
    );
  });
});

describe("synthetic merchant codes", () => {
  it("are codes with a right check digit in an unassigned division, the same for the same seed", () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const code = syntheticUscc(seed);
        expect(isUscc(code) && isUsccChecksumValid(code)).toBe(true);
        expect(code.startsWith("9199")).toBe(true);
        expect(syntheticUscc(seed)).toBe(code);
      }),
    );
  });

  it("never change: what was imported once is found again", () => {
    expect(syntheticUscc("olist/7e93a43ef30c4f03f38b393420bc753a")).toBe("91996446FG31TC70XT");
  });
});

describe("a balance", () => {
  const whole = { count: 3, amountMinor: 300 };

  it("holds when parts make up the whole in number and amount, and not otherwise", () => {
    expect(isBalanced({ name: "x", whole, parts: [{ name: "a", ...whole }] })).toBe(true);
    expect(isBalanced({ name: "x", whole, parts: [{ name: "a", count: 3, amountMinor: 299 }] })).toBe(false);
    expect(isBalanced({ name: "x", whole, parts: [{ name: "a", count: 2, amountMinor: 300 }] })).toBe(false);
    expect(describeBalance({ name: "x", whole, parts: [] })[0]).toContain("DOES NOT BALANCE");
  });
});
