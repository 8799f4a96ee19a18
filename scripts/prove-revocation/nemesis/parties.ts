import { performance } from "node:perf_hooks";
import type { TokenRequest } from "../../demo/test-issuer.js";
import type { GatewayChild } from "./gateway-child.js";

const PROFILE = `query($id: MerchantId!) {
  merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "PROOF") { identity { legalName } }
}`;
const GRANT = `mutation($input: GrantConsentInput!) { change: grantConsent(input: $input) { id state } }`;
const CHANGES = {
  PAUSED: `mutation($input: ConsentIdInput!) { change: pauseConsent(input: $input) { id state } }`,
  ACTIVE: `mutation($input: ConsentIdInput!) { change: resumeConsent(input: $input) { id state } }`,
  REVOKED: `mutation($input: ConsentIdInput!) { change: revokeConsent(input: $input) { id state } }`,
};
export type NewState = keyof typeof CHANGES;

const ANSWER_TIMEOUT_MS = 4_000;
const CHANGE_TIMEOUT_MS = 1_500;
const DAY_MS = 86_400_000;

interface GraphQLReply {
  readonly data?: {
    readonly merchant?: { readonly identity?: { readonly legalName?: string } | null } | null;
    readonly change?: { readonly id: string; readonly state: string } | null;
  } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
  readonly extensions?: {
    readonly inquiries?: readonly { readonly consentId: string | null }[];
  };
}

/** What an inquiry came to. */
export type InquiryOutcome =
  | { readonly kind: "released"; readonly consentId: string; readonly legalName: string }
  | { readonly kind: "refused" | "unknown"; readonly code: string }
  | { readonly kind: "lost" };

/** Banks and merchants, speaking the public API over HTTP. */
export class Parties {
  readonly #issue: (request: TokenRequest) => Promise<string>;
  readonly #tokens = new Map<string, Promise<string>>();

  constructor(issue: (request: TokenRequest) => Promise<string>) {
    this.#issue = issue;
  }

  /** A bank asks; a name that came under no consent is released under the consent "none". */
  async inquire(gateway: GatewayChild, bank: string, merchant: string): Promise<InquiryOutcome> {
    const token = await this.#token({ party: "bank", id: bank });
    const reply = await ask(gateway, token, {
      query: PROFILE,
      variables: { id: merchant },
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    if (reply === undefined) return { kind: "lost" };
    const name = reply.data?.merchant?.identity?.legalName;
    if (name === undefined) {
      const code = codeOf(reply);
      return { kind: code === "CONSENT_UNKNOWN" ? "unknown" : "refused", code };
    }
    const consentId = reply.extensions?.inquiries?.[0]?.consentId ?? "none";
    return { kind: "released", consentId, legalName: name };
  }

  /** A merchant grants; the consent's id, or `undefined` when no acknowledgement came. */
  async grant(gateway: GatewayChild, merchant: string, bank: string): Promise<string | undefined> {
    const token = await this.#token({ party: "merchant", id: merchant });
    const input = {
      bank,
      purpose: "PRE_LOAN_ASSESSMENT",
      categories: ["IDENTITY"],
      lookbackMonths: 12,
      expiresAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
    };
    const reply = await ask(gateway, token, {
      query: GRANT,
      variables: { input },
      timeoutMs: CHANGE_TIMEOUT_MS,
    });
    return reply?.data?.change?.id;
  }

  /** A merchant pauses, resumes or revokes; the instant at which the acknowledgement was read, or `undefined`. */
  async change(
    gateway: GatewayChild,
    merchant: string,
    { consentId, to }: { readonly consentId: string; readonly to: NewState },
  ): Promise<number | undefined> {
    const token = await this.#token({ party: "merchant", id: merchant });
    const reply = await ask(gateway, token, {
      query: CHANGES[to],
      variables: { input: { consentId } },
      timeoutMs: CHANGE_TIMEOUT_MS,
    });
    return reply?.data?.change?.state === to ? performance.now() : undefined;
  }

  #token(request: TokenRequest): Promise<string> {
    const key = `${request.party} ${request.id}`;
    const token = this.#tokens.get(key) ?? this.#issue(request);
    this.#tokens.set(key, token);
    return token;
  }
}

interface Operation {
  readonly query: string;
  readonly variables: object;
  readonly timeoutMs: number;
}

/** `undefined` when no whole answer came. */
async function ask(
  gateway: GatewayChild,
  token: string,
  { query, variables, timeoutMs }: Operation,
): Promise<GraphQLReply | undefined> {
  try {
    const { body } = await gateway.post("/graphql", {
      timeoutMs,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return body as GraphQLReply;
  } catch {
    return undefined;
  }
}

function codeOf(reply: GraphQLReply): string {
  return reply.errors?.[0]?.extensions?.code ?? "NOTHING";
}
