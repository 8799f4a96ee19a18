import type { Account } from "../accounts/account-store.js";
import { inProtocol } from "../protocol/oauth-errors.js";
import type { Scope } from "../../schema/parties.js";
import { html, type Html } from "./html.js";
import { both } from "./layout.js";
import { csrfOf, prefixOf } from "./page-context.js";
import type { Visit } from "./visit.js";
import { SCOPE_WORDS, WORDS } from "./words.js";

/** What a merchants' app asks for, in the merchant's words. */
export function appForm({ parts, interaction, client }: Visit): Html {
  return html`<p><strong>${client.name}</strong> ${both(WORDS.appAsks)}</p>
    <ul>
      ${scopesOf(interaction.params).map((scope) => html`<li>${both(SCOPE_WORDS[scope])}</li>`)}
    </ul>
    <form method="post" action="${prefixOf(parts)}/interaction/${interaction.uid}">
      <input type="hidden" name="csrf" value="${csrfOf(parts, interaction.uid)}" />
      <div class="choice">
        <button name="decision" value="deny">${both(WORDS.deny)}</button>
        <button name="decision" value="approve">${both(WORDS.approve)}</button>
      </div>
    </form>`;
}

/** Writes what the merchant agreed to; resolves to the grant's id. */
export async function grantToApp(visit: Visit, account: Account): Promise<string> {
  const { parts, interaction, client } = visit;
  const provider = parts.provider();
  return inProtocol(async () => {
    const held =
      interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
    const grant = held ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    const scopes = scopesOf(interaction.params);
    grant.addOIDCScope(scopes.join(" "));
    grant.addResourceScope(parts.resource, scopes.filter((scope) => scope !== "openid").join(" "));
    return grant.save();
  });
}

function scopesOf(params: Readonly<Record<string, unknown>>): readonly (Scope | "openid")[] {
  const asked = String(params["scope"] ?? "").split(" ");
  return asked.filter((scope): scope is Scope | "openid" => Object.hasOwn(SCOPE_WORDS, scope));
}
