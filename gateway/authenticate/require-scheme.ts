import type { Principal } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import type { Party } from "../../schema/parties.js";
import type { Scheme } from "../http/challenge.js";

/**
 * A token bound to a DPoP key comes with a proof and no other does (RFC 9449 sections 7.1 and 7.2); one bound to a
 * certificate, or to nothing, comes as Bearer.
 * @throws TOKEN_NOT_BOUND for a party whose tokens must be bound, TOKEN_BINDING_MISMATCH
 */
export function requireScheme(
  { binding, party }: Principal,
  scheme: Scheme,
  boundParties: ReadonlySet<Party>,
): void {
  if (binding === undefined && boundParties.has(party)) throw new BureauError("TOKEN_NOT_BOUND", party);
  const due = binding !== undefined && "jkt" in binding ? "DPoP" : "Bearer";
  if (scheme !== due)
    throw new BureauError("TOKEN_BINDING_MISMATCH", `presented as ${scheme}, due as ${due}`);
}
