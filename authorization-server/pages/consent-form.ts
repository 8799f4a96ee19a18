import type { Category } from "../../schema/categories.js";
import type { AskedTerms, DeskRequest, Narrowing } from "../../schema/ports.js";
import { PURPOSE_CEILINGS } from "../../schema/purposes.js";
import type { ConsentNotice } from "../../schema/rulebook-form.js";
import { html, type Html } from "./html.js";
import { both } from "./layout.js";
import { dayOf, endOfDay, minuteOf } from "./shanghai-time.js";
import { CATEGORY_WORDS, PERIOD_WORDS, type Words, WORDS } from "./words.js";

/** A request as a merchant sees and answers it. */
export interface ConsentFormView {
  readonly request: DeskRequest;
  readonly bankName: string;
  /** The bank's own words beside a backchannel request. */
  readonly message: string | undefined;
  readonly notice: ConsentNotice;
  readonly action: string;
  readonly csrf: string;
}

/** What a merchant answered, or what is wrong with the answer. */
export type ConsentAnswer =
  | { readonly decision: "approve"; readonly narrowing: Narrowing }
  | { readonly decision: "deny" }
  | { readonly decision: "none"; readonly problems: readonly Words[] };

/** One recipient, one purpose, one form (PIPL article 23); what goes beyond figures is never ticked beforehand. */
export function consentForm(view: ConsentFormView): Html {
  const { request, bankName, message, notice, action, csrf } = view;
  const isSigning = request.state === "AWAITING_SIGNATORIES";
  const terms = request.granted ?? request.terms;
  return html`<form method="post" action="${action}">
    <input type="hidden" name="csrf" value="${csrf}" />
    <input type="hidden" name="request" value="${request.requestId}" />
    <p><strong>${bankName}</strong> ${both(WORDS.asks)}</p>
    <dl>
      <dt>${both(WORDS.recipient)}</dt>
      <dd>${bankName}</dd>
      <dt>${both(WORDS.recipientId)}</dt>
      <dd><code>${request.bank}</code></dd>
      <dt>${both(WORDS.purpose)}</dt>
      <dd>${both(PURPOSE_CEILINGS[request.purpose].text)}</dd>
      ${
        message !== undefined &&
        html`<dt>${both(WORDS.message)}</dt>
          <dd>${message}</dd>`
      }
    </dl>
    ${isSigning ? agreedTerms(terms) : askedTerms(request.terms)}
    <h2>${both(WORDS.notice)}</h2>
    <p class="notice" lang="${notice.language}">${notice.text}</p>
    <p>${both(WORDS.separate)}</p>
    <div class="choice">
      <button name="decision" value="deny">${both(WORDS.deny)}</button>
      <button name="decision" value="approve">${both(isSigning ? WORDS.sign : WORDS.approve)}</button>
    </div>
  </form>`;
}

function askedTerms({ categories, records, lookbackMonths, expiresAt, frequency }: AskedTerms): Html {
  return html`<fieldset>
      <legend>${both(WORDS.categories)}</legend>
      ${records.length > 0 && html`<p class="hint">${both(WORDS.recordsAsked)}</p>`}
      ${categories.map(
        (category) =>
          html`<div class="row">
            <label
              ><input type="checkbox" name="category" value="${category}" checked />
              ${both(CATEGORY_WORDS[category])}
              <span class="hint">${both(CATEGORY_WORDS[category].holds)}</span></label
            >
            ${levelOf(category, records)}
          </div>`,
      )}
    </fieldset>
    <div class="field">
      <label
        >${both(WORDS.lookback)}
        <input
          type="number"
          name="lookback"
          value="${lookbackMonths}"
          min="1"
          max="${lookbackMonths}"
          required
      /></label>
      <span class="hint">${both(WORDS.lookbackHint)} ${lookbackMonths}</span>
    </div>
    <div class="field">
      <label
        >${both(WORDS.until)}
        <input type="date" name="until" value="${dayOf(expiresAt)}" max="${dayOf(expiresAt)}" required
      /></label>
      <span class="hint">${both(WORDS.untilHint)} ${minuteOf(expiresAt)}</span>
    </div>
    <div class="field">
      <label
        >${both(WORDS.frequency)} (${both(PERIOD_WORDS[frequency.period])})
        <input
          type="number"
          name="count"
          value="${frequency.count}"
          min="1"
          max="${frequency.count}"
          required
      /></label>
      <span class="hint">${both(WORDS.frequencyHint)} ${frequency.count}</span>
    </div>`;
}

function levelOf(category: Category, records: readonly Category[]): Html {
  if (!records.includes(category)) return html`<span class="hint">${both(WORDS.figuresOnly)}</span>`;
  return html`<label class="hint"
    ><input type="checkbox" name="records" value="${category}" /> ${both(WORDS.records)}</label
  >`;
}

function agreedTerms({ categories, records, lookbackMonths, expiresAt, frequency }: AskedTerms): Html {
  return html`<dl>
    <dt>${both(WORDS.categories)}</dt>
    <dd>
      ${categories.map(
        (category) =>
          html`<div>
            ${both(CATEGORY_WORDS[category])}
            ${records.includes(category) ? both(WORDS.records) : html`<span class="hint">${both(WORDS.figuresOnly)}</span>`}
          </div>`,
      )}
    </dd>
    <dt>${both(WORDS.lookback)}</dt>
    <dd>${lookbackMonths}</dd>
    <dt>${both(WORDS.until)}</dt>
    <dd>${minuteOf(expiresAt)}</dd>
    <dt>${both(WORDS.frequency)}</dt>
    <dd>${frequency.count} ${both(PERIOD_WORDS[frequency.period])}</dd>
  </dl>`;
}

/** Reads a posted form against the request it answers. What was not on the form is not in the answer. */
export function readAnswer(form: URLSearchParams, request: DeskRequest): ConsentAnswer {
  const decision = form.get("decision");
  if (decision === "deny") return { decision };
  if (decision !== "approve") return { decision: "none", problems: [] };
  if (request.state === "AWAITING_SIGNATORIES") return { decision, narrowing: {} };
  const { terms } = request;
  const ticked = (name: string, asked: readonly Category[]): readonly Category[] =>
    asked.filter((category) => form.getAll(name).includes(category));
  const categories = ticked("category", terms.categories);
  const lookbackMonths = countOf(form.get("lookback"), terms.lookbackMonths);
  const count = countOf(form.get("count"), terms.frequency.count);
  const expiresAt = untilOf(form.get("until") ?? "", terms.expiresAt);
  const problems = [
    ...(categories.length === 0 ? [WORDS.problemCategories] : []),
    ...(lookbackMonths === undefined ? [WORDS.problemLookback] : []),
    ...(expiresAt === undefined ? [WORDS.problemUntil] : []),
    ...(count === undefined ? [WORDS.problemFrequency] : []),
  ];
  if (lookbackMonths === undefined || expiresAt === undefined || count === undefined || problems.length > 0)
    return { decision: "none", problems };
  const records = ticked("records", terms.records).filter((category) => categories.includes(category));
  const frequency = { ...terms.frequency, count };
  return { decision, narrowing: { categories, records, lookbackMonths, expiresAt, frequency } };
}

function countOf(text: string | null, max: number): number | undefined {
  const count = /^\d{1,6}$/.test(text ?? "") ? Number(text) : 0;
  return count >= 1 && count <= max ? count : undefined;
}

/** The end of the chosen day, or the very instant that was asked for where its day was left as it stood. */
function untilOf(day: string, askedExpiresAt: string): string | undefined {
  if (day === dayOf(askedExpiresAt)) return askedExpiresAt;
  const end = endOfDay(day);
  return end !== undefined && Date.parse(end) < Date.parse(askedExpiresAt) ? end : undefined;
}
