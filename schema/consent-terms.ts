import type { Category } from "./categories.js";
import type { FrequencyPeriod, Purpose } from "./purposes.js";

/**
 * The signed artefact (授权): immutable; any change is a new version that supersedes the old one.
 * Instants are RFC 3339 UTC with milliseconds; `startsAt <= t < expiresAt`.
 */
export interface ConsentTerms {
  readonly consentId: string;
  /** 1 and up; a narrowed or replaced consent is the next version of a new id that names the old in `supersedes`. */
  readonly version: number;
  readonly supersedes?: string;
  readonly merchant: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly purposeText: { readonly en: string; readonly zh: string };
  readonly categories: readonly Category[];
  /** Calendar months back from the inquiry's month, the current one included. */
  readonly lookbackMonths: number;
  readonly startsAt: string;
  readonly expiresAt: string;
  readonly frequency: { readonly count: number; readonly period: FrequencyPeriod };
  readonly rulebook: string;
  readonly notice: { readonly version: string; readonly language: string; readonly sha256: string };
}

/** What happened to a consent; its state is derived from these and the clock, never stored. */
export const CONSENT_EVENT_KINDS = ["GRANTED", "PAUSED", "RESUMED", "REVOKED", "SUPERSEDED"] as const;
export type ConsentEventKind = (typeof CONSENT_EVENT_KINDS)[number];
export interface ConsentEvent {
  readonly kind: ConsentEventKind;
  readonly at: Date;
}

export const CONSENT_STATES = [
  "SCHEDULED",
  "ACTIVE",
  "PAUSED",
  "REVOKED",
  "EXPIRED",
  "EXHAUSTED",
  "SUPERSEDED",
] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

/** A consent as the ledger holds it. */
export interface LedgerConsent {
  readonly terms: ConsentTerms;
  readonly events: readonly ConsentEvent[];
  /** Inquiries already counted in the period that holds the ledger's `now`. */
  readonly used: number;
}
