/** Milliseconds. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const SHANGHAI_OFFSET_MS = 8 * HOUR_MS;

/** First day of the lunar year, by year; outside the table no dip is drawn. */
const LUNAR_NEW_YEARS: readonly string[] = [
  "2019-02-05",
  "2020-01-25",
  "2021-02-12",
  "2022-02-01",
  "2023-01-22",
  "2024-02-10",
  "2025-01-29",
  "2026-02-17",
  "2027-02-06",
  "2028-01-26",
  "2029-02-13",
  "2030-02-03",
  "2031-01-23",
  "2032-02-11",
  "2033-01-31",
  "2034-02-19",
];
const LUNAR_NEW_YEAR_DAYS: readonly number[] = LUNAR_NEW_YEARS.map((date) => Date.parse(date) / DAY_MS);

/** Days since 1970-01-01 of the calendar day in Asia/Shanghai that holds an instant. */
export function dayOf(instantMs: number): number {
  return Math.floor((instantMs + SHANGHAI_OFFSET_MS) / DAY_MS);
}

/** The instant at which a day of Asia/Shanghai begins. */
export function dayStart(day: number): number {
  return day * DAY_MS - SHANGHAI_OFFSET_MS;
}

/** `YYYY-MM-DD` of a day. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The first day of the month that lies `months - 1` months before the month of `day`. */
export function firstDayOfMonths(day: number, months: number): number {
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months + 1, 1) / DAY_MS;
}

/** How busy a day is against an ordinary one: 6.18 and 11.11 with their run-ups, the Lunar New Year dip, weekends. */
export function seasonOf(day: number): number {
  const date = new Date(day * DAY_MS);
  const month = date.getUTCMonth() + 1;
  const dayOfMonth = date.getUTCDate();
  const weekday = date.getUTCDay();
  let factor = weekday === 0 || weekday === 6 ? 1.12 : 0.95;
  if (month === 6 && dayOfMonth <= 20) factor *= dayOfMonth === 18 ? 4 : 1.4;
  if (month === 11 && dayOfMonth <= 12) factor *= dayOfMonth === 11 ? 5 : 1.5;
  if (month === 12) factor *= 1.15;
  if (month === 7 || month === 8) factor *= 0.9;
  if (LUNAR_NEW_YEAR_DAYS.some((newYear) => day >= newYear - 5 && day <= newYear + 8)) factor *= 0.3;
  return factor;
}
