const CHARACTERS_MAX = 2_000;
/** RFC 3986 section 2: everything else has no place in an address and would be repaired in silence by the parser. */
const URI = /^https?:\/\/(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/i;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * The address without query and fragment in the one form that all its spellings share: syntax-based and scheme-based
 * normalisation (RFC 3986 sections 6.2.2 and 6.2.3), as RFC 9449 section 4.3 advises. `undefined` when it is no HTTP address.
 */
export function normalizeUrl(text: string): string | undefined {
  if (text.length > CHARACTERS_MAX || !URI.test(text)) return undefined;
  const [bare = ""] = text.split(/[?#]/);
  const url = URL.parse(bare.replace(/%[0-9A-Fa-f]{2}/g, normalizeOctet));
  if (url === null || url.username !== "" || url.password !== "") return undefined;
  return url.origin + url.pathname;
}

/** A percent-encoded letter is that letter; any other octet has upper-case digits (RFC 3986 section 6.2.2). */
function normalizeOctet(octet: string): string {
  const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
  return UNRESERVED.test(character) ? character : octet.toUpperCase();
}
