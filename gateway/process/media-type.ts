/** The media types of GraphQL over HTTP. */
export const LEGACY_JSON = "application/json";
export const GRAPHQL_RESPONSE = "application/graphql-response+json";

/**
 * The media type of an answer of ours: what is preferred of the two (RFC 9110 section 12.5.1), JSON where nothing is said,
 * where both are as welcome, or where neither is.
 */
export function mediaTypeOf(accept: string | undefined): typeof LEGACY_JSON | typeof GRAPHQL_RESPONSE {
  const ranges = rangesOf(accept);
  const response = qualityOf(ranges, GRAPHQL_RESPONSE);
  const legacy = qualityOf(ranges, LEGACY_JSON);
  if (response.quality !== legacy.quality)
    return response.quality > legacy.quality ? GRAPHQL_RESPONSE : LEGACY_JSON;
  return response.isNamed && response.position < legacy.position ? GRAPHQL_RESPONSE : LEGACY_JSON;
}

/** False when neither of the two is acceptable (RFC 9110 section 12.5.1). */
export function isAcceptable(accept: string | undefined): boolean {
  const ranges = rangesOf(accept);
  return qualityOf(ranges, GRAPHQL_RESPONSE).quality > 0 || qualityOf(ranges, LEGACY_JSON).quality > 0;
}

/** True when the client asks for `application/json` by its name, as clients did before GraphQL had a type of its own. */
export function asksForLegacyJson(accept: string | undefined): boolean {
  return mediaTypeOf(accept) === LEGACY_JSON && qualityOf(rangesOf(accept), LEGACY_JSON).isNamed;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function rangesOf(accept: string | undefined): readonly Range[] {
  return (accept ?? "*/*").split(",", 50).map((text) => {
    const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
    const given = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = given === undefined ? 1 : Number(given.slice(2));
    return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
  });
}

function qualityOf(
  ranges: readonly Range[],
  type: string,
): { readonly quality: number; readonly position: number; readonly isNamed: boolean } {
  for (const candidate of [type, "application/*", "*/*"]) {
    const position = ranges.findIndex((range) => range.type === candidate);
    if (position !== -1)
      return { quality: ranges[position]?.quality ?? 0, position, isNamed: candidate === type };
  }
  return { quality: 0, position: ranges.length, isNamed: false };
}
