/** Who may be shown an error's code and message. */
type Audience = "client" | "operator";

interface ErrorDefinition {
  /** HTTP status when the error ends the whole request. */
  readonly http: number;
  /** Safe to show: never a token, a key, a name or an address. */
  readonly message: string;
  readonly audience: Audience;
  readonly retry: "no" | "later" | "after-fix";
  readonly clause?: string;
}

function define(
  http: number,
  retry: ErrorDefinition["retry"],
  message: string,
  rest: { audience?: Audience; clause?: string } = {},
): ErrorDefinition {
  return { http, retry, message, audience: "client", ...rest };
}

/** The one registry of expected errors; `docs/errors.md` is generated from it. */
export const ERRORS = {
  UNAUTHENTICATED: define(401, "after-fix", "An access token is required.", { clause: "RFC 6750 section 3" }),
  TOKEN_INVALID: define(401, "after-fix", "The access token is not valid here.", {
    clause: "RFC 9068 section 4",
  }),
  TOKEN_EXPIRED: define(401, "after-fix", "The access token has expired.", { clause: "RFC 9068 section 4" }),
  TOKEN_NOT_BOUND: define(401, "after-fix", "The access token must be bound to a key of the client.", {
    clause: "RFC 9700 section 2.2.1",
  }),
  TOKEN_BINDING_MISMATCH: define(
    401,
    "after-fix",
    "The access token is not bound to the key that this request shows, or is presented in the wrong scheme.",
    { clause: "RFC 9449 section 7.1, RFC 8705 section 3" },
  ),
  DPOP_PROOF_INVALID: define(401, "after-fix", "The DPoP proof is missing or does not fit the request.", {
    clause: "RFC 9449 section 4.3",
  }),
  DPOP_PROOF_REPLAYED: define(
    401,
    "after-fix",
    "The DPoP proof was used before; each is good for one request.",
    {
      clause: "RFC 9449 section 11.1",
    },
  ),
  DPOP_NONCE_REQUIRED: define(401, "after-fix", "The DPoP proof must carry the nonce in DPoP-Nonce.", {
    clause: "RFC 9449 section 9",
  }),
  CREDENTIAL_REVOKED: define(401, "no", "What the access token rests on was ended for good.", {
    clause: "RFC 6750 section 3.1",
  }),
  FORBIDDEN: define(403, "no", "The token does not allow this.", { clause: "RFC 6750 section 3.1" }),
  INSUFFICIENT_SCOPE: define(403, "after-fix", "The token lacks a scope that this needs.", {
    clause: "RFC 6750 section 3.1",
  }),
  CONSENT_REQUIRED: define(403, "after-fix", "No live consent of this merchant opens this for you.", {
    clause: "征信业管理条例 第十八条",
  }),
  CONSENT_NOT_YET_ACTIVE: define(403, "later", "The consent has not started yet."),
  CONSENT_PAUSED: define(403, "later", "The merchant has paused the consent."),
  CONSENT_REVOKED: define(403, "no", "The merchant has revoked the consent.", {
    clause: "个人信息保护法 第十五条",
  }),
  CONSENT_EXPIRED: define(403, "no", "The consent has expired."),
  CONSENT_EXHAUSTED: define(403, "later", "The consent allows no more inquiries in this period."),
  CONSENT_AWAITING_SIGNATORIES: define(403, "later", "Not enough of the merchant's signatories have signed."),
  CONSENT_CLOSED: define(403, "no", "The loan is paid off, and the consent with it has ended.", {
    clause: "个人信息保护法 第四十七条",
  }),
  CONSENT_TERMINATED: define(403, "no", "The bank has given the consent back.", {
    clause: "个人信息保护法 第四十七条",
  }),
  CONSENT_UNKNOWN: define(503, "later", "The state of the consent cannot be established now."),
  SCOPE_NOT_CONSENTED: define(403, "after-fix", "The consent does not open this category.", {
    clause: "征信业管理条例 第二十条",
  }),
  LEVEL_NOT_CONSENTED: define(
    403,
    "after-fix",
    "The consent opens the category's figures, not its records.",
    {
      clause: "征信业管理条例 第二十条",
    },
  ),
  SCOPE_NOT_AUTHORIZED: define(403, "after-fix", "The token's authorization details do not cover this.", {
    clause: "RFC 9396 section 2",
  }),
  PURPOSE_NOT_CONSENTED: define(403, "after-fix", "The consent is for another purpose.", {
    clause: "征信业管理条例 第二十条",
  }),
  PURPOSE_CEILING_EXCEEDED: define(403, "no", "The purpose does not allow this.", {
    clause: "征信业务管理办法 第七条",
  }),
  SIGNATORY_NOT_REGISTERED: define(
    403,
    "after-fix",
    "The person who asks is not among those who may sign for the merchant.",
    { clause: "民法典 第六十一条" },
  ),
  INQUIRY_CONFLICT: define(
    400,
    "after-fix",
    "One operation may ask about a merchant under one purpose and reference only.",
  ),
  INQUIRY_NOT_RECORDED: define(
    503,
    "later",
    "The inquiry could not be put on record, so the answer is withheld.",
  ),
  SOURCE_UNAVAILABLE: define(502, "later", "A source of the profile did not answer."),
  DEADLINE_EXCEEDED: define(504, "later", "The request took longer than allowed."),
  PERMIT_REQUIRED: define(401, "no", "A permit signed by the gateway is required."),
  PERMIT_INVALID: define(401, "no", "The permit does not cover this request."),
  OPERATION_TOO_DEEP: define(400, "after-fix", "The operation is nested too deeply."),
  OPERATION_TOO_LARGE: define(400, "after-fix", "The operation selects too much."),
  OPERATION_TOO_MANY_ALIASES: define(400, "after-fix", "The operation has too many aliases."),
  OPERATION_NOT_ALLOWED: define(405, "no", "This kind of operation is not served here."),
  OPERATION_TOO_COSTLY: define(400, "after-fix", "The operation can cost more than one operation may."),
  PERSISTED_DOCUMENT_NOT_FOUND: define(404, "no", "No document with this id is trusted here.", {
    clause: "GraphQL over HTTP appendix A",
  }),
  PERSISTED_DOCUMENT_REQUIRED: define(
    403,
    "after-fix",
    "Only trusted documents are run here; send the id of one instead of an operation.",
  ),
  BAD_USER_INPUT: define(400, "after-fix", "An argument is not valid."),
  NOT_FOUND: define(404, "no", "There is no such thing here."),
  CONFLICT: define(409, "no", "The present state does not allow this."),
  PAYLOAD_TOO_LARGE: define(413, "after-fix", "The request is larger than allowed."),
  UNSUPPORTED_MEDIA_TYPE: define(415, "after-fix", "The content type or encoding is not supported."),
  FEED_KIND_UNKNOWN: define(404, "after-fix", "There is no feed of this kind."),
  FEED_LINE_TOO_LONG: define(413, "after-fix", "A line of the feed is longer than allowed."),
  FEED_ENCODING_INVALID: define(400, "after-fix", "The feed's encoding is broken."),
  FEED_KEY_REUSED: define(409, "after-fix", "The idempotency key was used with other content."),
  FEED_RECORD_NOT_JSON: define(422, "after-fix", "The line is not a JSON object."),
  FEED_RECORD_INVALID: define(422, "after-fix", "The record does not match the schema."),
  FEED_PLATFORM_MISMATCH: define(422, "no", "A platform can only write as itself."),
  FEED_ACCOUNT_UNKNOWN: define(
    422,
    "after-fix",
    "The seller account is not linked to a merchant; publish its account first.",
  ),
  RATE_LIMITED: define(429, "later", "Too many requests."),
  INQUIRY_BUDGET_EXCEEDED: define(
    429,
    "later",
    "This bank has made all inquiries about this merchant that one day allows.",
    { clause: "征信业务管理办法 第二十二条" },
  ),
  SERVICE_UNAVAILABLE: define(503, "later", "The service cannot answer now."),
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

/** What a refusal rests on: shown to the client beside the code. */
export interface ErrorFacts {
  readonly category?: string;
  readonly rule?: string;
  readonly article?: string;
  readonly fix?: string;
  readonly [fact: string]: unknown;
}

/**
 * An expected error. `message` comes from the registry and is safe to show; `detail` is for the log only.
 * Anything thrown that is not a BureauError is a bug and is masked before it leaves.
 */
export class BureauError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, detail?: string, options: { cause?: unknown; facts?: ErrorFacts } = {}) {
    super(ERRORS[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BureauError";
    this.code = code;
    this.detail = detail;
    this.facts = options.facts ?? {};
  }
}

/** True when `code` is in the registry: used where codes arrive over a wire. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}
