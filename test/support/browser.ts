/** A page as a person without scripts sees it. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A browser that keeps cookies, follows redirects of our own host, and can fill in forms. */
export interface Browser {
  /** Resolves to a page, or to the foreign address that it was sent to. */
  open(url: string): Promise<Page>;
  /**
   * Sends the last form of a page, or the first that holds a text, with its own fields, changed as told; `undefined` unticks
   * or empties a field.
   */
  submit(
    page: Page,
    fields?: Readonly<Record<string, string | readonly string[] | undefined>>,
    holding?: string,
  ): Promise<Page>;
  readonly cookies: ReadonlyMap<string, string>;
}

const REDIRECTS_MAX = 10;

export function openBrowser(headers: Record<string, string> = {}): Browser {
  const cookies = new Map<string, { readonly value: string; readonly path: string }>();
  const go = async (url: string, init: RequestInit, left = REDIRECTS_MAX): Promise<Page> => {
    const { pathname } = new URL(url);
    const cookie = [...cookies].flatMap(([name, { value, path }]) =>
      pathname.startsWith(path) ? [`${name}=${value}`] : [],
    );
    const response = await fetch(url, {
      redirect: "manual",
      ...init,
      headers: {
        accept: "text/html",
        ...headers,
        ...init.headers,
        ...(cookie.length === 0 ? {} : { cookie: cookie.join("; ") }),
      },
    });
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
    const location = response.headers.get("location");
    const text = await response.text();
    if (location === null || response.status < 300 || response.status > 399)
      return { url, status: response.status, headers: response.headers, text };
    const next = new URL(location, url);
    if (next.origin !== new URL(url).origin)
      return { url: next.href, status: response.status, headers: response.headers, text: "" };
    if (left === 0) throw new Error(`too many redirects at ${url}`);
    return go(next.href, {}, left - 1);
  };
  return {
    open: (url) => go(url, {}),
    submit: (page, fields = {}, holding) => {
      const form = formOf(page, holding);
      const body = new URLSearchParams(form.fields);
      for (const [name, value] of Object.entries(fields)) {
        body.delete(name);
        for (const one of value === undefined ? [] : [value].flat()) body.append(name, one);
      }
      return go(new URL(form.action, page.url).href, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: body.toString(),
      });
    },
    get cookies() {
      return new Map([...cookies].map(([name, { value }]) => [name, value]));
    },
  };
}

function keepCookie(cookies: Map<string, { value: string; path: string }>, line: string): void {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const at = pair.indexOf("=");
  const path = attributes.find((part) => part.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
  const isGone = attributes.some((part) => /^expires=Thu, 01 Jan 1970/i.test(part));
  const name = pair.slice(0, at);
  if (isGone || pair.slice(at + 1) === "") cookies.delete(name);
  else cookies.set(name, { value: pair.slice(at + 1), path });
}

/** The last form of a page by default: the sign-out form stands first. */
function formOf(
  page: Page,
  holding: string | undefined,
): { readonly action: string; readonly fields: readonly [string, string][] } {
  const forms = [...page.text.matchAll(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/g)];
  const [, action = "", content = ""] =
    (holding === undefined ? forms.at(-1) : forms.find(([form]) => form.includes(holding))) ?? [];
  if (action === "")
    throw new Error(`no form on the page ${page.url} (${page.status}): ${page.text.slice(0, 500)}`);
  const fields: [string, string][] = [];
  for (const [input] of content.matchAll(/<input\s[^>]*>/g)) {
    const attribute = (name: string): string | undefined =>
      new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1];
    const type = attribute("type");
    if ((type === "checkbox" && !/\bchecked\b/.test(input)) || attribute("name") === undefined) continue;
    fields.push([attribute("name") ?? "", unescape(attribute("value") ?? "")]);
  }
  return { action: unescape(action), fields };
}

function unescape(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_all, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name] ?? "",
  );
}
