import { html, type Html } from "./html.js";
import { type Words, WORDS } from "./words.js";

/** Both languages, each marked as what it is. */
export function both({ zh, en }: Words): Html {
  return html`<span lang="zh-CN">${zh}</span> <span class="en" lang="en">${en}</span>`;
}

/** A whole page. Nothing on it runs: forms and links do all there is to do. */
export function layout(title: Words, body: Html, styleHref: string): string {
  return html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title.zh} ${title.en} - ${WORDS.bureau.zh}</title>
        <link rel="stylesheet" href="${styleHref}" />
      </head>
      <body>
        <header>${both(WORDS.bureau)}</header>
        <main>
          <h1>${both(title)}</h1>
          ${body}
        </main>
      </body>
    </html> `.text;
}

/**
 * Headers of every page: no cache, no frame, no script, nothing from elsewhere, and no address given away. A form may be
 * sent to us only, and lead on to where the client is registered to be.
 */
export function pageHeaders(formTargets: readonly string[] = []): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    `form-action ${["'self'", ...formTargets].join(" ")}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": policy.join("; "),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
  };
}

/** The pages' looks; two answers to a request look alike. */
export const STYLE = `
:root { color-scheme: light; font-family: system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
body { margin: 0; background: #f3f4f6; color: #16202a; line-height: 1.5; }
header { padding: 1rem; background: #14324f; color: #fff; font-weight: 600; }
main { max-width: 44rem; margin: 1.5rem auto; padding: 1.5rem; background: #fff; border: 1px solid #d5dae0; border-radius: 8px; }
h1 { margin: 0 0 1rem; font-size: 1.35rem; }
h2 { margin: 1.5rem 0 .5rem; font-size: 1.05rem; }
.en { color: #51606f; font-size: .9em; }
header .en { color: #cfdbe6; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .4rem 1rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; }
fieldset { border: 1px solid #d5dae0; border-radius: 6px; margin: 1rem 0; padding: .5rem 1rem 1rem; }
legend { font-weight: 600; padding: 0 .3rem; }
.row { display: grid; grid-template-columns: 1fr auto; gap: .2rem 1rem; padding: .45rem 0; border-bottom: 1px solid #eceff2; }
.hint { display: block; color: #51606f; font-size: .88em; }
label { display: block; }
.field { margin: 1rem 0; }
input[type=text], input[type=password], input[type=number], input[type=date] { font: inherit; padding: .45rem .6rem; border: 1px solid #8895a3; border-radius: 4px; }
input[type=text], input[type=password] { width: 100%; box-sizing: border-box; }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin-top: 1.5rem; }
button { font: inherit; font-weight: 600; padding: .7rem 1rem; border: 2px solid #14324f; border-radius: 6px; background: #fff; color: #14324f; cursor: pointer; }
button:hover, button:focus-visible { background: #e8eef4; }
.wide { width: 100%; }
.quiet { white-space: nowrap; border-color: #8895a3; font-weight: 400; padding: .3rem .8rem; }
.problem { border: 2px solid #a3261b; border-radius: 6px; padding: .6rem 1rem; margin-bottom: 1rem; }
.told { border: 2px solid #14324f; border-radius: 6px; padding: .6rem 1rem; margin-bottom: 1rem; }
.notice { background: #f7f8fa; border-left: 4px solid #14324f; padding: .6rem 1rem; white-space: pre-line; }
.who { display: flex; justify-content: space-between; align-items: center; gap: 1rem; margin-bottom: 1rem; }
article { border: 1px solid #d5dae0; border-radius: 8px; padding: 1rem; margin: 1rem 0; }
code { font-size: .95em; overflow-wrap: anywhere; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; } .choice { grid-template-columns: 1fr; } }
`;
