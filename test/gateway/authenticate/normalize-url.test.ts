import { describe, expect, it } from "vitest";
import { normalizeUrl } from "../../../gateway/authenticate/normalize-url.js";

const HOME = "https://bureau.example/graphql";

describe("one address in all its spellings (RFC 3986 section 6.2)", () => {
  it.each([
    ["itself", HOME],
    ["its scheme in upper case", "HTTPS://bureau.example/graphql"],
    ["its host in upper case", "https://Bureau.EXAMPLE/graphql"],
    ["its default port", "https://bureau.example:443/graphql"],
    ["a letter percent-encoded", "https://bureau.example/%67raphql"],
    ["dot segments", "https://bureau.example/a/./b/../../graphql"],
    ["dot segments percent-encoded", "https://bureau.example/a/%2e%2e/graphql"],
    ["a query", `${HOME}?a=1`],
    ["a fragment", `${HOME}#a`],
  ])("is the same with %s", (_what, spelling) => {
    expect(normalizeUrl(spelling)).toBe(HOME);
  });

  it.each([
    ["upper-case digits of an octet", "https://bureau.example/a%2fb", "https://bureau.example/a%2Fb"],
    ["an empty path", "https://bureau.example", "https://bureau.example/"],
    ["a port of its own", "http://127.0.0.1:4000/graphql", "http://127.0.0.1:4000/graphql"],
    ["an IPv6 host", "http://[::1]:4000/graphql", "http://[::1]:4000/graphql"],
  ])("has one form for %s", (_what, spelling, form) => {
    expect(normalizeUrl(spelling)).toBe(form);
  });

  it.each([
    ["path in another case", "https://bureau.example/GraphQL"],
    ["a slash at the end", `${HOME}/`],
    ["an encoded slash", "https://bureau.example/%2Fgraphql"],
    ["another scheme", "http://bureau.example/graphql"],
    ["another port", "https://bureau.example:444/graphql"],
    ["a longer host", "https://bureau.example.evil.test/graphql"],
    ["a dot after the host", "https://bureau.example./graphql"],
  ])("is another with %s", (_what, other) => {
    expect(normalizeUrl(other)).not.toBe(HOME);
  });

  it.each([
    ["user information", "https://bureau.example@evil.test/graphql"],
    ["a password", "https://x:y@bureau.example/graphql"],
    ["a backslash", "https://bureau.example\\graphql"],
    ["a space", "https://bureau.example/ graphql"],
    ["a line break", "https://bureau.example/graphql\n"],
    ["letters outside ASCII", "https://bureau.example/gr\u0430phql"],
    ["half an octet", "https://bureau.example/%6"],
    ["an octet that is none", "https://bureau.example/%zz"],
    ["another kind of scheme", "file:///graphql"],
    ["no scheme", "//bureau.example/graphql"],
    ["a path alone", "/graphql"],
    ["nothing", ""],
    ["more than 2,000 characters", `${HOME}/${"a".repeat(2_000)}`],
  ])("is none with %s", (_what, text) => {
    expect(normalizeUrl(text)).toBeUndefined();
  });
});
