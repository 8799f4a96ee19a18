import { interactionPolicy } from "../provider.js";

/** Whoever signs for a merchant has typed the password lately: a browser that was left open signs nothing. */
const FRESH_SECONDS = 600;

/** The package's own policy, and a recent login before a consent. */
export function createInteractionPolicy(): ReturnType<typeof interactionPolicy.base> {
  const { Check, base } = interactionPolicy;
  const policy = base();
  const fresh = new Check("fresh_login", "a recent login is required", "login_required", ({ oidc }) => {
    const isConsent = oidc.params?.["authorization_details"] !== undefined;
    if (!isConsent || oidc.result?.login !== undefined) return Check.NO_NEED_TO_PROMPT;
    return oidc.session?.past(FRESH_SECONDS) === true ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
  policy.get("login")?.checks.add(fresh);
  return policy;
}
