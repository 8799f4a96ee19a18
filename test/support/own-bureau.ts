import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as oauth from "oauth4webapi";
import type { BureauOptions } from "../../gateway/process/open-bureau.js";
import type { AuthorizationServer } from "../../authorization-server/index.js";
import { ALICE, MARKETPLACE } from "./actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "./bureau.js";
import { addPeople, freePort, LIFETIMES, registerClients, type TestIssuer } from "./issuer.js";
import type { OAuthClient } from "./oauth-clients.js";

/** A whole bureau that listens and makes its own tokens: what `npm start` runs, without a market. */
export interface OwnBureau extends Pick<TestIssuer, "issuer" | "audience" | "clients" | "people"> {
  readonly bureau: TestBureau;
  readonly server: AuthorizationServer;
  close(): Promise<void>;
}

/** Starts one, with Alice's shop and the clients and people that every story needs. */
export async function startOwnBureau(settings: Partial<BureauOptions> = {}): Promise<OwnBureau> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-own-"));
  const port = await freePort();
  const audience = `http://127.0.0.1:${port}`;
  const issuer = `${audience}/oauth`;
  const bureau = await startTestBureau({
    settings: {
      tokens: {
        issuer,
        audience,
        keyRingFile: path.join(folder, "signing.json"),
        secret: "a secret of more than thirty-two bytes, for tests",
        lifetimes: LIFETIMES,
        clockToleranceSeconds: 5,
      },
      possession: {
        publicUrl: undefined,
        boundParties: ["bank"],
        tlsTerminators: [],
        proofAgeMs: 60_000,
        proofAheadMs: 5_000,
        replayGuard: undefined,
      },
      ...settings,
    },
  });
  const server = bureau.authorizationServer;
  if (server === undefined) throw new Error("the bureau has no issuer of its own");
  await bureau.gateway.app.listen({ host: "127.0.0.1", port });
  await publishShop(bureau);
  return {
    issuer,
    audience,
    bureau,
    server,
    clients: await registerClients(server),
    people: await addPeople(server),
    close: async () => {
      await bureau.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Alice's shop with one order, by the platforms' own door. */
export async function publishShop({ intakes, clock }: TestBureau): Promise<void> {
  const at = new Date(clock.now().getTime() - 3 * 86_400_000).toISOString();
  const records = {
    account: {
      sellerId: "alice-shop",
      merchantId: ALICE,
      legalName: "Alice Trading",
      openedAt: "2020-01-01T00:00:00Z",
    },
    order: {
      orderId: "alice-1",
      sellerId: "alice-shop",
      currency: "CNY",
      totalMinor: 12_345,
      createdAt: at,
      paidAt: at,
    },
  } as const;
  for (const kind of ["account", "order"] as const) {
    const intake = intakes.find(({ kinds }) => kinds.includes(kind));
    const body = (async function* () {
      yield Buffer.from(JSON.stringify(records[kind]));
    })();
    const report = await intake?.publish({ platform: MARKETPLACE, kind, idempotencyKey: kind, body });
    if (report?.accepted !== 1) throw new Error(JSON.stringify(report));
  }
}

/** A GraphQL request as a bank's software sends it: with a proof, and once more with the gateway's nonce. */
export async function askAsBank(
  { dpop }: Pick<OAuthClient, "dpop">,
  { audience }: Pick<OwnBureau, "audience">,
  { token, query, variables = {} }: { token: string; query: string; variables?: object },
): Promise<GraphQLReply> {
  const send = (): Promise<Response> =>
    oauth.protectedResourceRequest(
      token,
      "POST",
      new URL(`${audience}/graphql`),
      new Headers({ "content-type": "application/json" }),
      JSON.stringify({ query, variables }),
      { DPoP: dpop, [oauth.allowInsecureRequests]: true },
    );
  const response = await send().catch((error: unknown) => {
    if (oauth.isDPoPNonceError(error)) return send().catch(responseOf);
    return responseOf(error);
  });
  return replyOf(response);
}

/** What the library throws for a challenge is an answer too. */
function responseOf(error: unknown): Response {
  if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
  throw error;
}

/** A GraphQL request with a token that is bound to nothing. */
export async function askAsBearer(
  { audience }: Pick<OwnBureau, "audience">,
  { token, query, variables = {} }: { token: string; query: string; variables?: object },
): Promise<GraphQLReply> {
  return replyOf(
    await fetch(`${audience}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    }),
  );
}

async function replyOf(response: Response): Promise<GraphQLReply> {
  const json = (await response.json()) as any;
  return {
    status: response.status,
    data: json.data,
    errors: json.errors ?? [],
    extensions: json.extensions ?? {},
    headers: Object.fromEntries(response.headers),
  };
}
