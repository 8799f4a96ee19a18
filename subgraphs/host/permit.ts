import {
  type ClaimExpectations,
  createVerifier,
  type JsonObject,
  type KeySource,
  type ProcessSeal,
  sha256Base64url,
  type TokenAlgorithm,
} from "../../foundation/tokens.js";
import type { Clock } from "../../foundation/clock.js";
import type { Category } from "../../schema/categories.js";
import type { PermitClaims, PermitGrant } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import { PARTIES, type Party, type Scope, SCOPES } from "../../schema/parties.js";
import type { SubgraphRequest } from "../../schema/subgraph.js";

/** Longest life of a permit, in seconds; a stolen one is useless soon. */
export const PERMIT_LIFETIME_SECONDS_MAX = 5;

/**
 * A permit for a portfolio of 100 merchants has about 30,000 characters, or 180,000 where each consent names 20 seller
 * accounts. A longer one is refused, so that the source counts as unavailable and nothing leaves.
 */
export const PERMIT_CHARACTERS_MAX = 200_000;

/** Who asked the gateway, as the gateway vouches. */
export interface PermitPrincipal {
  readonly party: Party;
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The natural person who acts for a merchant, where the access token names one. */
  readonly signatory?: string;
}

/** The verified assertion of one request: the only thing a subgraph believes. */
export class Permit {
  readonly principal: PermitPrincipal;
  readonly #grants: ReadonlyMap<string, PermitGrant>;

  constructor(principal: PermitPrincipal, grants: readonly PermitGrant[]) {
    this.principal = principal;
    this.#grants = new Map(grants.map((grant) => [grant.merchant, grant]));
  }

  /** The grant for a merchant (USCC), or `undefined` where the request may read nothing of it. */
  grantFor(merchant: string): PermitGrant | undefined {
    return this.#grants.get(merchant);
  }

  /** @throws PERMIT_INVALID unless the permit opens this category of this merchant */
  require(merchant: string, category: Category): PermitGrant {
    const grant = this.#grants.get(merchant);
    if (grant === undefined || !grant.categories.includes(category)) {
      throw new BureauError("PERMIT_INVALID", `no grant for ${category}`, { facts: { category } });
    }
    return grant;
  }

  /**
   * For fields that show single records and not figures about many.
   * @throws PERMIT_INVALID unless the permit opens this category of this merchant, its records included
   */
  requireRecords(merchant: string, category: Category): PermitGrant {
    const grant = this.require(merchant, category);
    if (!grant.records.includes(category)) {
      throw new BureauError("PERMIT_INVALID", `no grant for the records of ${category}`, {
        facts: { category },
      });
    }
    return grant;
  }

  /** @throws FORBIDDEN unless the asker is one of these parties */
  requireParty(...parties: Party[]): void {
    if (!parties.includes(this.principal.party)) throw new BureauError("FORBIDDEN", "party");
  }

  /** @throws INSUFFICIENT_SCOPE unless the asker's token has the scope */
  requireScope(scope: Scope): void {
    if (!this.principal.scopes.has(scope))
      throw new BureauError("INSUFFICIENT_SCOPE", scope, { facts: { scope } });
  }
}

/** Verifies the permit of one request for one subgraph. @throws PERMIT_REQUIRED, PERMIT_INVALID */
export type PermitVerifier = (subgraph: string, request: SubgraphRequest) => Promise<Permit>;

/** How a subgraph knows the gateway: its issuer name and public keys. */
export interface PermitTrust {
  readonly issuer: string;
  readonly keys: KeySource;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly clock: Clock;
  /** That of the gateway in the same process; without it only signatures count. */
  readonly seal?: ProcessSeal;
}

/** Audience, body hash, life and type are all checked, in-process too: a subgraph trusts nobody. */
export function createPermitVerifier(trust: PermitTrust): PermitVerifier {
  const { seal } = trust;
  const expectedOf = (audience: string): ClaimExpectations => ({
    issuer: trust.issuer,
    audience,
    requiredClaims: ["sub", "party", "scope", "body", "grants"],
    clockToleranceSeconds: 2,
    lifetimeMaxSeconds: PERMIT_LIFETIME_SECONDS_MAX,
  });
  const verifiers = new Map<string, ReturnType<typeof createVerifier>>();
  const verifierOf = (audience: string): ReturnType<typeof createVerifier> => {
    const known = verifiers.get(audience);
    if (known !== undefined) return known;
    const made = createVerifier({
      ...expectedOf(audience),
      keys: trust.keys,
      algorithms: trust.algorithms,
      typ: "permit+jwt",
      charactersMax: PERMIT_CHARACTERS_MAX,
      now: () => trust.clock.now(),
    });
    verifiers.set(audience, made);
    return made;
  };
  const claimsOf = (subgraph: string, permit: string): JsonObject | Promise<JsonObject> =>
    seal?.isMeant(permit) === true && permit.length <= PERMIT_CHARACTERS_MAX
      ? seal.open(permit, expectedOf(subgraph), trust.clock.now())
      : verifierOf(subgraph)(permit);
  return async (subgraph, request) => {
    const { permit } = request;
    if (permit === undefined || permit === "") throw new BureauError("PERMIT_REQUIRED");
    let claims: JsonObject;
    try {
      claims = await claimsOf(subgraph, permit);
    } catch (error) {
      throw new BureauError("PERMIT_INVALID", "signature or claims", { cause: error });
    }
    return readPermit(claims as unknown as PermitClaims, request.body);
  };
}

function readPermit(claims: PermitClaims, body: string): Permit {
  if (claims.body !== sha256Base64url(body)) throw new BureauError("PERMIT_INVALID", "body differs");
  if (
    !PARTIES.includes(claims.party) ||
    typeof claims.sub !== "string" ||
    !Array.isArray(claims.grants) ||
    !isSignatory(claims.signatory)
  ) {
    throw new BureauError("PERMIT_INVALID", "claims are malformed");
  }
  const scopes = new Set(SCOPES.filter((scope) => claims.scope.split(" ").includes(scope)));
  const { party, sub: id, signatory } = claims;
  return new Permit({ party, id, scopes, ...(signatory === undefined ? {} : { signatory }) }, claims.grants);
}

function isSignatory(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && value !== "");
}
