/** Asia/Shanghai has had no daylight saving since 1991. */
const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** The calendar day of an instant, `YYYY-MM-DD`. */
export function dayOf(instant: string): string {
  return new Date(Date.parse(instant) + OFFSET_MS).toISOString().slice(0, 10);
}

/** The instant at which a calendar day is over; `undefined` when the text names no day. */
export function endOfDay(day: string): string | undefined {
  const start = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(start) ? undefined : new Date(start + DAY_MS - OFFSET_MS).toISOString();
}

/** An instant for a reader, to the minute, with its zone. */
export function minuteOf(instant: string): string {
  const local = new Date(Date.parse(instant) + OFFSET_MS).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)} (UTC+8)`;
}
