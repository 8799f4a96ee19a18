import { describe, expect, it } from "vitest";
import { asksForLegacyJson, mediaTypeOf } from "../../../gateway/process/media-type.js";

const LEGACY = "application/json";
const RESPONSE = "application/graphql-response+json";

describe("the media type of an answer", () => {
  it.each([
    [undefined, LEGACY, false],
    ["*/*", LEGACY, false],
    ["text/html", LEGACY, false],
    ["application/*", LEGACY, false],
    [LEGACY, LEGACY, true],
    ["application/json; charset=utf-8", LEGACY, true],
    [RESPONSE, RESPONSE, false],
    ["Application/GraphQL-Response+JSON; charset=utf-8", RESPONSE, false],
    [`${RESPONSE}, ${LEGACY};q=0.9`, RESPONSE, false],
    [`${LEGACY}, ${RESPONSE}`, LEGACY, true],
    [`${RESPONSE}, ${LEGACY}`, RESPONSE, false],
    [`${LEGACY};q=0.5, ${RESPONSE};q=0.6`, RESPONSE, false],
    [`${RESPONSE};q=0, */*`, LEGACY, false],
    [`${RESPONSE};q=bad, ${LEGACY};q=0.1`, LEGACY, true],
    ["*/*;q=0.1, application/graphql-response+json", RESPONSE, false],
    ["", LEGACY, false],
    [",,;;q=,", LEGACY, false],
  ] as const)("asked for as %s is %s", (accept, type, isNamed) => {
    expect(mediaTypeOf(accept)).toBe(type);
    expect(asksForLegacyJson(accept)).toBe(isNamed);
  });
});
