import type { Clock } from "../../foundation/clock.js";
import type { Principal } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import type { ConsentLedger } from "../../schema/ports.js";
import type { Inquiry } from "../inquiry.js";
import { refusedWhole } from "./inquiry-of.js";

/** An answer may leave on a check that is at most this old (P2). */
export const CHECK_AGE_MAX_MS = 50;

const RULE = "credential.standing";
/** A resource server verifies the revocation status of access tokens. */
const ARTICLE = "FAPI 2.0 Security Profile, section 5.3.4";

/**
 * An inquiry of somebody whose credential was ended: refused whole, whatever the consents say, and put on record as such
 * (P3).
 */
export function withdraw(inquiry: Inquiry): Inquiry {
  return refusedWhole(inquiry, { code: "CREDENTIAL_REVOKED", rule: RULE, article: ARTICLE, facts: {} });
}

/** What doors that walk no inquiry ask about their callers. */
export interface Standing {
  /**
   * Asks whether anything that the caller's token rests on was ended; resolves to a second look, for just before something
   * leaves, which asks again when the first is older than 50 ms.
   * @throws CREDENTIAL_REVOKED
   * @throws CONSENT_UNKNOWN when the truth is out of reach
   */
  require(principal: Principal): Promise<() => Promise<void>>;
}

/** Standing as the ledger knows it, in the statement that it shares with consent checks. */
export function createStanding({
  ledger,
  clock,
}: {
  readonly ledger: ConsentLedger;
  readonly clock: Clock;
}): Standing {
  const ask = async ({ credentials }: Principal): Promise<void> => {
    const { ended } = await ledger.check([], credentials);
    const first = ended[0];
    if (first !== undefined) throw new BureauError("CREDENTIAL_REVOKED", `its ${first.kind} was ended`);
  };
  return {
    require: async (principal) => {
      const askedAtMs = clock.monotonicMs();
      await ask(principal);
      return async () => {
        if (clock.monotonicMs() - askedAtMs > CHECK_AGE_MAX_MS) await ask(principal);
      };
    },
  };
}
