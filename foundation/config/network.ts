import { BlockList, isIP } from "node:net";
import type { Parser } from "./parsers.js";

/** A range of addresses; a single one has the whole length as its prefix. */
export interface Network {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly prefixBits: number;
}

const BITS = { ipv4: 32, ipv6: 128 } as const;

/** An IP address, or a range of them in CIDR notation (RFC 4632 section 3.1): `10.0.0.7`, `10.0.0.0/24`, `fd00::/8`. */
export function network(): Parser<Network> {
  return {
    expects: "an IP address or a CIDR range",
    parse: (text) => {
      const [, address = "", prefix] = /^([0-9A-Fa-f.:]{2,45})(?:\/(\d{1,3}))?$/.exec(text) ?? [];
      const version = isIP(address);
      if (version === 0) return undefined;
      const family = version === 4 ? "ipv4" : "ipv6";
      const prefixBits = prefix === undefined ? BITS[family] : Number(prefix);
      // A range of everything is no range: it would believe every peer.
      return prefixBits < 1 || prefixBits > BITS[family] ? undefined : { address, family, prefixBits };
    },
    format: ({ address, family, prefixBits }) =>
      prefixBits === BITS[family] ? address : `${address}/${prefixBits}`,
  };
}

/** The ranges as one list to check peers against; an IPv4 peer is found in either notation. */
export function networkList(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const { address, family, prefixBits } of networks) list.addSubnet(address, prefixBits, family);
  return list;
}
