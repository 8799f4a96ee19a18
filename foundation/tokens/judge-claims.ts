import {
  type ClaimExpectations,
  requireAudience,
  requireClaims,
  requireIssuer,
  requireLive,
  requireSaneTimes,
} from "./claim-rules.js";
import type { JsonObject } from "./read-json.js";

/** Every rule about claims, in one order for tokens of all kinds. @throws TokenError */
export function judgeClaims(claims: JsonObject, expected: ClaimExpectations, now: Date): void {
  const nowSeconds = Math.floor(now.getTime() / 1000);
  requireClaims(claims, expected);
  requireIssuer(claims, expected.issuer);
  requireAudience(claims, expected.audience);
  requireSaneTimes(claims, expected, nowSeconds);
  requireLive(claims, expected, nowSeconds);
}
