/** A text that is JSON, perhaps, and still not to be believed; says why, and nothing of the text. */
export class JsonRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "JsonRefused";
  }
}

/** Names that JavaScript gives a meaning of its own: an own `__proto__` becomes the prototype of the next copy. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Counts brackets outside strings, before any parser sees the text.
 * @throws JsonRefused when the text is nested deeper than `depthMax`
 */
export function requireShallow(text: string, depthMax: number): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > depthMax) throw new JsonRefused("nested too deeply");
    }
  }
}

/**
 * Looks at the names of all members of a text that is known to be JSON: in it, a string before a colon is a name and no
 * other string stands there. Parsers differ on which of two members with one name counts (RFC 8259 section 4).
 * @throws JsonRefused for a name that stands twice in an object or belongs to the prototype
 */
export function requireMeantNames(text: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    if (character !== '"') continue;
    const end = endOfString(text, at);
    if (isName(text, end)) requireMeant(JSON.parse(text.slice(at, end + 1)) as string, open.at(-1));
    at = end;
  }
}

function requireMeant(name: string, siblings: Set<string> | undefined): void {
  if (PROTOTYPE_NAMES.has(name)) throw new JsonRefused("a member named like the prototype");
  if (siblings?.has(name) === true) throw new JsonRefused("a member twice");
  siblings?.add(name);
}

/** The closing quote; the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

const COLON_NEXT = /[\t\n\r ]*:/y;

function isName(text: string, end: number): boolean {
  COLON_NEXT.lastIndex = end + 1;
  return COLON_NEXT.test(text);
}
