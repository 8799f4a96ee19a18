const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{` are told apart from `]` and `}` by other bits than this one, which is all that differs within each pair. */
const PAIR_BIT = 0x20;
const OPENING = 0x5b;
const CLOSING = 0x5d;

/**
 * Parses JSON that nests at most so many levels. The levels are counted first, in time linear in the text: parsing a
 * million of them holds up everybody else for seconds, and whoever walks the result runs out of stack.
 * @throws RangeError beyond the levels
 * @throws SyntaxError when it is not JSON
 */
export function parseShallow(text: string, levelsMax: number): unknown {
  let levels = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfText(text, i + 1);
      continue;
    }
    const bracket = code & ~PAIR_BIT;
    if (bracket === CLOSING) levels--;
    else if (bracket === OPENING && ++levels > levelsMax)
      throw new RangeError(`more than ${levelsMax} levels`);
  }
  return JSON.parse(text) as unknown;
}

/** Where the quote stands that ends a text which began before `from`. */
function endOfText(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** After an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
