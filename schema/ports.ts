import type { Category, Level } from "./categories.js";
import type { Credential, MonthRange } from "./claims.js";
import type { LedgerConsent } from "./consent-terms.js";
import type { ErrorCode } from "./errors.js";
import type { FeedKind } from "./feeds/kinds.js";
import type { Party } from "./parties.js";
import type { FrequencyPeriod, Purpose } from "./purposes.js";

export interface ConsentQuestion {
  readonly bank: string;
  readonly merchant: string;
}

/** One snapshot of the truth: all answers come from a single statement on the primary. */
export interface ConsentSnapshot {
  /** The database's clock at the statement: consent time is judged by it, never by a gateway's. */
  readonly now: Date;
  /** For each question, in order, every consent of that pair for any purpose; newest first, at most 50. */
  readonly consents: readonly (readonly LedgerConsent[])[];
  /** Of the credentials asked about, those that were ended; whoever rests on one is nobody any more. */
  readonly ended: readonly Credential[];
}

/** What the gateway asks of the room that owns consents. */
export interface ConsentLedger {
  /**
   * Asks about consents and about the asker's credentials in one statement. Linearizable: the snapshot is taken after the
   * call began. @throws CONSENT_UNKNOWN when the truth is out of reach
   */
  check(questions: readonly ConsentQuestion[], credentials: readonly Credential[]): Promise<ConsentSnapshot>;
  /**
   * Counts one inquiry against each consent, exactly, under concurrency.
   * Resolves, in order, to what remains in the current period, or `undefined` where none was left (and none was taken).
   * @throws CONSENT_UNKNOWN when the truth is out of reach
   */
  claimUses(consents: readonly LedgerConsent[]): Promise<readonly (number | undefined)[]>;
}

/** Where credentials are ended. Forward only: nothing that was ended lives again; a new one has a new id. */
export interface CredentialRegister {
  /**
   * Ends credentials, and with a grant every consent that was given through it, in one transaction; a retry changes nothing.
   * Resolves after the commit: no operation that starts later, at any gateway, is answered under them.
   * @throws SERVICE_UNAVAILABLE
   */
  end(
    credentials: readonly Credential[],
    by: { readonly actor: string; readonly reason: string },
  ): Promise<void>;
}

/**
 * Ties a consent to the OAuth grant through which it was given (`iss|grant_id`), so that neither outlives the other: who
 * ends the grant revokes the consent, and who revokes the last live consent of a grant ends the grant and its tokens.
 * Resolves after the commit: to true where the consent now rests on the grant, to false where the grant had been ended
 * before, and the consent was therefore revoked in the same transaction. A retry gives the same answer.
 * @throws NOT_FOUND when the merchant has no such consent
 * @throws CONFLICT when it rests on another grant, or ended before it was tied to this one
 * @throws BAD_USER_INPUT when the grant's name is malformed
 * @throws SERVICE_UNAVAILABLE
 */
export type LinkGrant = (merchant: string, consentId: string, grantId: string) => Promise<boolean>;

/** The terms of a consent as a bank asks for them and a merchant grants them. */
export interface AskedTerms {
  readonly categories: readonly Category[];
  /** Of `categories`: those whose single records are opened as well. */
  readonly records: readonly Category[];
  readonly lookbackMonths: number;
  /** RFC 3339, UTC. */
  readonly expiresAt: string;
  readonly frequency: { readonly count: number; readonly period: FrequencyPeriod };
}

/** A consent that a bank asks for. */
export interface AskedConsent {
  readonly merchant: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly terms: AskedTerms;
}

/**
 * Where a request stands, from the request and the consent that it led to: nobody has answered; enough signatories have
 * not signed yet; the consent is there; it was denied; or it lapsed, or the consent ended again.
 */
export const DESK_STATES = ["PENDING", "AWAITING_SIGNATORIES", "GRANTED", "DENIED", "ENDED"] as const;
export type DeskState = (typeof DESK_STATES)[number];

/** A bank's request for consent, as the authorization server shows it to the merchant and answers it to the bank. */
export interface DeskRequest extends AskedConsent {
  readonly requestId: string;
  readonly createdAt: Date;
  /** From here on it can no longer be approved. */
  readonly lapsesAt: Date;
  readonly state: DeskState;
  /** What the merchant granted; once somebody approved. */
  readonly granted?: AskedTerms & {
    readonly consentId: string;
    /** Who has signed, and how many must. */
    readonly signed: readonly string[];
    readonly quorum: number;
  };
}

/** What a merchant takes away from a request when it approves; absent leaves it as asked. */
export type Narrowing = { readonly [Term in keyof AskedTerms]?: AskedTerms[Term] | undefined };

/** Who answers a request: a merchant, by a natural person. */
export interface DeskSigner {
  readonly merchant: string;
  readonly signatory: string;
}

/** What the authorization server asks of the room that owns consents. Every method @throws SERVICE_UNAVAILABLE. */
export interface ConsentDesk {
  /**
   * Whether such a consent could be asked for at all, without asking: the ceilings of the purpose.
   * @throws PURPOSE_CEILING_EXCEEDED, BAD_USER_INPUT
   */
  judge(asked: AskedConsent): Promise<void>;
  /**
   * Asks the merchant. The same request again gives the one that is pending, or was granted and not collected yet.
   * @throws PURPOSE_CEILING_EXCEEDED, BAD_USER_INPUT
   * @throws CONFLICT while another request for the purpose is pending
   * @throws RATE_LIMITED after a denial
   */
  request(asked: AskedConsent): Promise<DeskRequest>;
  /** A request to this merchant, or `undefined`. */
  read(merchant: string, requestId: string): Promise<DeskRequest | undefined>;
  /** What a merchant has to answer, or to sign, newest first; at most 50. */
  open(merchant: string): Promise<readonly DeskRequest[]>;
  /**
   * Approves, as asked or narrower, or signs what another signatory approved.
   * @throws NOT_FOUND, CONFLICT, FORBIDDEN, BAD_USER_INPUT when anything is wider than asked
   */
  approve(by: DeskSigner, requestId: string, narrowing: Narrowing): Promise<DeskRequest>;
  /** Denies; the bank may not ask again for a while. A retry gives the same answer. @throws NOT_FOUND, CONFLICT */
  deny(by: DeskSigner, requestId: string): Promise<DeskRequest>;
}

export const INQUIRY_DECISIONS = ["GRANTED", "PART_GRANTED", "REFUSED", "FAILED"] as const;
export type InquiryDecision = (typeof INQUIRY_DECISIONS)[number];

export interface RuleDecision {
  readonly category: Category | null;
  /** Absent in entries from before there were levels: SUMMARY. */
  readonly level?: Level;
  readonly allowed: boolean;
  readonly code: ErrorCode | "OK";
  readonly rule: string;
  readonly article: string;
}

/** One entry of the record: who, whom, why, what was asked and released; never a value. */
export interface InquiryEntry {
  readonly inquiryId: string;
  /** `DECIDED` is written beside the fetch; `WITHHELD` or `FAILED` follow when the answer released less. */
  readonly stage: "DECIDED" | "WITHHELD" | "FAILED";
  readonly party: Party;
  readonly asker: string;
  readonly clientId: string;
  readonly merchant: string;
  readonly purpose: Purpose;
  readonly reference: string;
  readonly decision: InquiryDecision;
  readonly asked: readonly Category[];
  readonly released: readonly Category[];
  /** Of `asked` and of `released`: the categories at the level RECORDS; absent in entries from before there were levels. */
  readonly askedRecords?: readonly Category[];
  readonly releasedRecords?: readonly Category[];
  readonly consentId: string | null;
  readonly consentVersion: number | null;
  readonly months: MonthRange | null;
  readonly rules: readonly RuleDecision[];
  readonly rulebook: string;
  readonly operationSha256: string;
}

export interface InquiryReceipt {
  readonly inquiryId: string;
  readonly recordedAt: Date;
  /** Lower-case hex SHA-256 of `0x00 || canonical JSON of the entry` (RFC 6962 section 2.1 leaf hash). */
  readonly leafHash: string;
}

/** What the gateway asks of the room that owns the record. */
export interface InquiryLog {
  /** Durable when it resolves; all entries or none; receipts in order. @throws INQUIRY_NOT_RECORDED */
  append(entries: readonly InquiryEntry[]): Promise<readonly InquiryReceipt[]>;
}

export interface FeedRejection {
  /** 1-based line of the decoded body. */
  readonly line: number;
  /** RFC 6901 pointer into the record; empty for the whole record. */
  readonly pointer: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface BatchReport {
  readonly batchId: string;
  readonly kind: FeedKind;
  readonly platform: string;
  readonly idempotencyKey: string;
  /** True when this answer repeats an earlier batch's report. */
  readonly repeated: boolean;
  readonly receivedAt: string;
  readonly accepted: number;
  readonly duplicate: number;
  readonly corrected: number;
  readonly rejected: number;
  /** The first 1,000. */
  readonly rejections: readonly FeedRejection[];
}

export interface FeedBatch {
  readonly platform: string;
  readonly kind: FeedKind;
  /** 1 to 128 visible ASCII characters. */
  readonly idempotencyKey: string;
  /** Decoded NDJSON bytes, any length; read once, never held whole. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The door of the rooms that own feeds. */
export interface FeedIntake {
  readonly kinds: readonly FeedKind[];
  /**
   * Loads a whole batch in one transaction: acknowledged means durable, a crash before leaves nothing.
   * The same key with the same bytes repeats the report. @throws FEED_KEY_REUSED, FEED_LINE_TOO_LONG, SERVICE_UNAVAILABLE
   */
  publish(batch: FeedBatch): Promise<BatchReport>;
  /** The report of an earlier batch, or `undefined`. */
  report(platform: string, kind: FeedKind, idempotencyKey: string): Promise<BatchReport | undefined>;
}

/** Which merchant a platform's seller account belonged to at an instant (dated links). */
export interface AccountDirectory {
  /** Resolves in order; `undefined` where no account of that platform was linked. */
  resolve(
    platform: string,
    accounts: readonly { readonly sellerId: string; readonly at: string }[],
  ): Promise<readonly (string | undefined)[]>;
}
