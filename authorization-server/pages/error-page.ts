import type { ErrorOut, KoaContextWithOIDC } from "oidc-provider";
import { html } from "./html.js";
import { both, layout, pageHeaders } from "./layout.js";
import { WORDS } from "./words.js";

/** What cannot be sent back to a client is told to whoever sits before the browser: the protocol's words, escaped. */
export function errorPage(ctx: KoaContextWithOIDC, out: ErrorOut): void {
  ctx.set(pageHeaders());
  const told = html`<p>${both(out.error === "temporarily_unavailable" ? WORDS.busy : WORDS.expired)}</p>
    <p class="hint"><code>${out.error}</code> ${out.error_description}</p>`;
  ctx.body = layout(WORDS.errorTitle, told, `${new URL(ctx.oidc.issuer).pathname}/pages.css`);
}
