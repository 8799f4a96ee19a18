import { describe, expect, it } from "vitest";
import { network, networkList } from "../../foundation/config/network.js";

const parser = network();
const contains = (text: string, peer: string): boolean => {
  const range = parser.parse(text);
  return range !== undefined && networkList([range]).check(peer, peer.includes(":") ? "ipv6" : "ipv4");
};

describe("a network", () => {
  it.each(["10.0.0.7", "10.0.0.0/24", "::1", "fd00::/8", "2001:db8::/32"])(
    "is shown as it was given: %s",
    (text) => {
      const range = parser.parse(text);
      expect(range === undefined ? undefined : parser.format?.(range)).toBe(text);
    },
  );

  it.each([
    "",
    "x",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.0/33",
    "10.0.0.0/0",
    "::/0",
    "fd00::/129",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "010.0.0.1",
    "10.0.0.1 ",
    "localhost",
    "fe80::1%eth0",
  ])("is not %s", (text) => {
    expect(parser.parse(text)).toBeUndefined();
  });

  it("holds its addresses, an IPv4 one in either notation, and no other", () => {
    expect(contains("10.0.0.0/24", "10.0.0.255")).toBe(true);
    expect(contains("10.0.0.0/24", "::ffff:10.0.0.1")).toBe(true);
    expect(contains("10.0.0.0/24", "10.0.1.0")).toBe(false);
    expect(contains("10.0.0.7", "10.0.0.8")).toBe(false);
    expect(contains("fd00::/8", "fdff::1")).toBe(true);
    expect(contains("fd00::/8", "fe00::1")).toBe(false);
    expect(contains("fd00::/8", "10.0.0.1")).toBe(false);
  });
});
