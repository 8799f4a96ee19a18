import type * as Oidc from "oidc-provider";

/** Node 20 carries every flow we use, as our tests show; the package's own notice would be the first line of each start. */
const NOTICE = /oidc-provider WARNING: Unsupported runtime/;

/**
 * Loads the package without that one notice. Whatever else is said meanwhile is said.
 */
async function loadQuietly(): Promise<typeof Oidc> {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!NOTICE.test(String(words[0]))) warn.apply(console, words);
  };
  try {
    return await import("oidc-provider");
  } finally {
    console.warn = warn;
  }
}

/** The one way into oidc-provider: its values come from here, so that it is never loaded aloud. */
export const { Provider, errors, interactionPolicy } = await loadQuietly();
