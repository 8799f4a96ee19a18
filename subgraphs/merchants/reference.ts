import type { SubgraphContext } from "../host/context.js";
import { Merchant } from "./types.js";

/** The merchant, where the permit has a grant for it; null otherwise, whether it exists or not. */
export function grantedMerchant(id: string, context: SubgraphContext): Merchant | null {
  if (context.permit.grantFor(id) === undefined) return null;
  return Object.assign(new Merchant(), { id });
}

export const merchantReference = {
  __resolveReference: (
    representation: Readonly<Record<string, unknown>>,
    context: SubgraphContext,
  ): Merchant | null => grantedMerchant(String(representation["id"]), context),
};
