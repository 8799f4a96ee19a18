/** Turns local times of one zone into instants. */
export interface LocalTime {
  /**
   * `YYYY-MM-DD HH:MM[:SS]` on the zone's wall clock as an instant (RFC 3339, UTC). A time that a spring change skips
   * is read with the offset before the change (so it lands after it); one that an autumn change repeats is its first.
   * @throws RangeError when the text is no such time
   */
  readonly instantOf: (local: string) => string;
}

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?$/;
const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;

/** @throws RangeError when there is no such IANA zone */
export function createLocalTime(zone: string): LocalTime {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  // Offsets change on quarter hours only, so few lookups serve a whole data set.
  const known = new Map<number, number>();
  const offsetAround = (wallMs: number): number => {
    const quarter = Math.floor(wallMs / QUARTER_MS);
    const offset = known.get(quarter) ?? findOffset(format, quarter * QUARTER_MS);
    known.set(quarter, offset);
    return offset;
  };
  return {
    instantOf(local) {
      const wallMs = wallClockMs(local);
      return new Date(wallMs - offsetAround(wallMs)).toISOString();
    },
  };
}

/** The offset, in ms east of UTC, that a wall clock time is to be read with. */
function findOffset(format: Intl.DateTimeFormat, wallMs: number): number {
  const before = offsetAt(format, wallMs - DAY_MS);
  const after = offsetAt(format, wallMs + DAY_MS);
  // Where both readings hold, the clock repeats the hour: the first pass wins. Where neither does, the hour is skipped.
  for (const offset of [before, after]) if (offsetAt(format, wallMs - offset) === offset) return offset;
  return before;
}

function offsetAt(format: Intl.DateTimeFormat, instantMs: number): number {
  const name =
    format.formatToParts(new Date(instantMs)).find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name);
  if (match === null) throw new RangeError(`no offset in ${name}`);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -ms : ms;
}

/** The wall clock reading as if it were UTC, in ms since the epoch. @throws RangeError when the text is no local time */
export function wallClockMs(local: string): number {
  const [, year, month, day, hour, minute, second = "0"] = SHAPE.exec(local) ?? [];
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  // Out-of-range parts roll over in Date.UTC: only a time that reads back as it was written is one.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 16) !== local.slice(0, 16).replace(" ", "T")) {
    throw new RangeError(`not a local time: ${JSON.stringify(local)}`);
  }
  return ms;
}
