import { createSigner, generateSigningKey, type Key, sha256Base64url } from "../../../foundation/tokens.js";
import { PERMIT_ISSUER } from "../../../gateway/process/create-gateway.js";
import type { SubgraphAnswer } from "../../../schema/subgraph.js";
import { createSubgraphServer } from "../../../subgraphs/host/http.js";
import { ALICE, BOB, grant, publishTwoMerchants } from "../../support/actors.js";
import { startTestBureau, type TestBureau } from "../../support/bureau.js";

/** The signals subgraph served by itself, and a forger of permits who has the gateway's key when he wants it. */
export interface DirectSubgraph {
  readonly bureau: TestBureau;
  readonly server: ReturnType<typeof createSubgraphServer>;
  permit(body: string, over?: Record<string, unknown>, forged?: Forged): Promise<string>;
  post(body: string, permit?: string): Promise<{ readonly status: number; readonly json: any }>;
  close(): Promise<void>;
}

interface Forged {
  readonly typ?: string;
  readonly key?: Key;
}

/** The body of a fetch of reviews and social figures. */
export const entities = (...ids: string[]): string =>
  JSON.stringify({
    query:
      "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Merchant { id reviews { reviewCount { value } } social { followers { value } } } } }",
    variables: { representations: ids.map((id) => ({ __typename: "Merchant", id })) },
  });

export async function startDirectSubgraph(): Promise<DirectSubgraph> {
  const bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
  const signals = bureau.subgraphs.find((subgraph) => subgraph.name === "signals");
  if (signals === undefined) throw new Error("no signals subgraph");
  const server = createSubgraphServer(signals);
  return {
    bureau,
    server,
    permit: async (body, over = {}, { typ = "permit+jwt", key = bureau.keys.permit } = {}) => {
      const iat = Math.floor(bureau.clock.now().getTime() / 1000);
      const signer = await createSigner(key);
      return signer.sign(typ, {
        iss: PERMIT_ISSUER,
        aud: "signals",
        iat,
        exp: iat + 5,
        jti: crypto.randomUUID(),
        sub: "demo-bank",
        party: "bank",
        scope: "profile:read",
        body: sha256Base64url(body),
        grants: [{ inquiry: "i", merchant: ALICE, categories: ["REVIEWS"], records: [] }],
        ...over,
      });
    },
    post: async (body, permit) => {
      const headers = {
        "content-type": "application/json",
        ...(permit === undefined ? {} : { authorization: `Bearer ${permit}` }),
      };
      const reply = await server.inject({ method: "POST", url: "/graphql", headers, payload: body });
      return { status: reply.statusCode, json: reply.json() };
    },
    close: async () => {
      await server.close();
      await bureau.close();
    },
  };
}

/** A permit that must not open Alice's reviews: claims that were changed, or the body or the key that it is for. */
export const BAD_PERMITS: readonly (readonly [how: string, over: Record<string, unknown>])[] = [
  ["for another subgraph", { aud: "transactions" }],
  ["that was kept too long", { iat: 1_700_000_000, exp: 1_700_000_005 }],
  ["that lives too long", { exp: 4_000_000_000 }],
  ["that is not valid yet", { iat: 3_999_999_996, exp: 4_000_000_000 }],
  ["of another issuer", { iss: "someone" }],
  ["without a body hash", { body: undefined }],
  ["for another body", { body: sha256Base64url(entities(BOB)) }],
  ["of an unknown party", { party: "root" }],
  ["without grants", { grants: undefined }],
];

/** Every way of asking the subgraph past the gateway; the ways that gave anything of a merchant. */
export async function askPastTheGateway(direct: DirectSubgraph): Promise<readonly string[]> {
  const { post, permit, bureau } = direct;
  const body = entities(ALICE);
  const breaches: string[] = [];
  const judge = (how: string, { json }: { readonly json: SubgraphAnswer }, isOpen = gives): void => {
    if (isOpen(json)) breaches.push(how);
  };
  judge("without a permit", await post(body));
  for (const [how, over] of BAD_PERMITS) judge(`a permit ${how}`, await post(body, await permit(body, over)));
  const otherKey = await generateSigningKey();
  judge("a permit by another key", await post(body, await permit(body, {}, { key: otherKey })));
  judge("an access token's type", await post(body, await permit(body, {}, { typ: "at+jwt" })));
  judge("an access token", await post(body, await bureau.token({ party: "bank", id: "demo-bank" })));
  const two = entities(ALICE, BOB);
  judge("a representation more", await post(two, await permit(body)));
  judge("a merchant without a grant", await post(two, await permit(two)), (json) => gives(json, 1));
  judge("a category without a grant", await post(body, await permit(body)), (json) =>
    gives(json, 0, "social"),
  );
  return breaches;
}

function gives(answer: SubgraphAnswer, position = 0, field = "reviews"): boolean {
  const entity = (answer.data?.["_entities"] as readonly (Record<string, unknown> | null)[] | undefined)?.[
    position
  ];
  return entity?.[field] != null;
}
