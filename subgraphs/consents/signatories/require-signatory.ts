import { BureauError } from "../../../schema/errors.js";
import { articleOf, type Rulebook } from "../../../schema/rulebook.js";
import type { Transaction } from "../transaction.js";
import { readSignatories, type SignatoryList } from "./signatory-store.js";

/** Who acts: a merchant, and the person for it where the token names one. */
export interface Signer {
  readonly merchant: string;
  readonly signatory?: string | undefined;
}

/** A list in force and the one of its signatories who acts. */
export interface RegisteredSigner {
  readonly list: SignatoryList;
  readonly signatory: string;
}

/**
 * The signatories in force and the person among them who acts; `undefined` where the merchant has registered nobody.
 * @throws SIGNATORY_NOT_REGISTERED
 */
export async function requireSignatory(
  trx: Transaction,
  rulebook: Rulebook,
  { merchant, signatory }: Signer,
): Promise<RegisteredSigner | undefined> {
  const { inForce } = await readSignatories(trx, merchant);
  if (inForce === undefined) return undefined;
  if (signatory !== undefined && inForce.signatories.includes(signatory)) return { list: inForce, signatory };
  const rule = "signatory.registered";
  throw new BureauError("SIGNATORY_NOT_REGISTERED", "not on the list in force", {
    facts: { rule, article: articleOf(rulebook, rule, merchant), fix: rulebook.rules[rule].fix },
  });
}
