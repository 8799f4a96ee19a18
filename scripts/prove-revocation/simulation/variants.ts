/** A protocol: ours reads the truth for every inquiry (L0), the other one keeps a memory and asks what changed (L1). */
export type Protocol = "L0" | "L1";

/** The deliberate defects. */
export const DEFECTS = [
  "joinInFlight",
  "lateReply",
  "warmStart",
  "sequenceEpoch",
  "keptCache",
  "failOpen",
  "earlyStamp",
  "earlyAck",
  "noReleaseCheck",
  "gatewayClock",
] as const;
export type Defect = (typeof DEFECTS)[number];

export interface Variant {
  readonly name: "L0" | "L1" | Defect;
  readonly protocol: Protocol;
  readonly defect?: Defect;
  readonly says: string;
}

const defect = (name: Defect, protocol: Protocol, says: string): Variant => ({
  name,
  protocol,
  defect: name,
  says,
});

/** What is run: the two right protocols, then each defect in the protocol in which it can be made. */
export const VARIANTS: readonly Variant[] = [
  { name: "L0", protocol: "L0", says: "the house's own gateway path, ledger, coalescer and lane" },
  { name: "L1", protocol: "L1", says: "a cache with a watermark, made right; in this simulation only" },
  defect("joinInFlight", "L0", "a caller joins the statement that is on the wire"),
  defect("failOpen", "L0", "the last answer counts while the truth is out of reach"),
  defect("earlyAck", "L0", "a revocation is acknowledged before its commit"),
  defect("noReleaseCheck", "L0", "an answer leaves on the check it began with, however old"),
  defect("gatewayClock", "L0", "consent is judged by the gateway's own clock, which may be wrong"),
  defect("lateReply", "L1", "after a time-out the connection is used on, and its late reply believed"),
  defect("warmStart", "L1", "a restarted gateway begins with a memory that was saved earlier"),
  defect("sequenceEpoch", "L1", "the watermark is a number drawn from a sequence"),
  defect("keptCache", "L1", "the memory survives the connection it was read on"),
  defect("earlyStamp", "L1", "the watermark runs ahead of what was read"),
];
