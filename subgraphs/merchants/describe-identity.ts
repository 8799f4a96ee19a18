import { isUsccChecksumValid, usccRegime } from "../../schema/uscc.js";
import type { AccountLink } from "./store.js";
import type { Identity, Tenure } from "./types.js";

const DAY_MS = 86_400_000;

/** The identity that a merchant's links add up to; null when nothing vouches for it. */
export function describeIdentity(
  merchant: string,
  links: readonly AccountLink[],
  now: Date,
): Identity | null {
  const [named] = links.toSorted(
    (left, right) =>
      right.confidence - left.confidence || right.receivedAt.getTime() - left.receivedAt.getTime(),
  );
  if (named === undefined) return null;
  return {
    legalName: named.legalName,
    regime: usccRegime(merchant),
    uscc: merchant,
    usccChecksumValid: isUsccChecksumValid(merchant),
    tenure: tenureOf(links, now),
    accounts: [...links],
  };
}

/** Counted from the merchant's own start: an old shop that was bought lately does not make its buyer old. */
function tenureOf(links: readonly AccountLink[], now: Date): Tenure | null {
  const starts = links
    .filter(({ role }) => role === "OWNER")
    .map(({ openedAt, validFrom }) => Math.max(openedAt.getTime(), validFrom.getTime()))
    .filter((start) => start <= now.getTime());
  if (starts.length === 0) return null;
  const first = Math.min(...starts);
  return { firstAccountOpenedAt: new Date(first), days: Math.floor((now.getTime() - first) / DAY_MS) };
}
