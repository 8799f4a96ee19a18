const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}`. */
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Parses JSON that nests at most so many levels. The levels are counted first, in time linear in the text: parsing a
 * million of them holds up everybody else for seconds, and whoever walks the result runs out of stack.
 * @throws RangeError beyond the levels
 * @throws SyntaxError when it is not JSON
 */
export function parseShallow(text: string, levelsMax: number): unknown {
  let levels = 0;
  let isText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isText) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isText = false;
    } else if (code === QUOTE) isText = true;
    else if (CLOSING.has(code)) levels--;
    else if (OPENING.has(code) && ++levels > levelsMax) throw new RangeError(`more than ${levelsMax} levels`);
  }
  return JSON.parse(text) as unknown;
}
