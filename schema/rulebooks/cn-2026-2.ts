import { PURPOSE_CEILINGS } from "../purposes.js";
import type { Rule, Rulebook, RuleId } from "../rulebook-form.js";

const CREDIT = "征信业管理条例";
const MEASURES = "征信业务管理办法";
const PERSONAL = "个人信息保护法";
const NETWORK = "网络数据安全管理条例";
const CIVIL = "民法典";

function rule(
  text: string,
  article: string | readonly [individual: string, enterprise: string],
  fix: string,
): Rule {
  const [individual, enterprise] = typeof article === "string" ? [article, article] : article;
  return { text, article: { INDIVIDUAL: individual, ENTERPRISE: enterprise }, fix };
}

const MINIMUM = `${MEASURES} 第七条`;
/** Personal information needs consent; the undisclosed trade of an enterprise is its trade secret. */
const BY_CONSENT = [`${CREDIT} 第十八条`, `${CREDIT} 第三条`] as const;
const AS_AGREED = [`${CREDIT} 第二十条`, `${MEASURES} 第二十四条`] as const;
const WITHDRAWN = [`${PERSONAL} 第十五条`, `${CREDIT} 第三条`] as const;
/** A natural person decides for itself; a legal person through those who may represent it. */
const BY_SIGNATURE = [`${PERSONAL} 第十四条`, `${CIVIL} 第六十一条`] as const;
/** The purpose is achieved, or the service is given up. */
const NO_LONGER_NEEDED = [`${PERSONAL} 第四十七条`, `${MEASURES} 第二十四条`] as const;
const WITHIN_PERIOD = [`${NETWORK} 第二十二条`, `${MEASURES} 第二十四条`] as const;

const RULES: Readonly<Record<RuleId, Rule>> = {
  "token.details": rule(
    "The access token's authorization details name the merchant, the purpose and the category.",
    "RFC 9396 section 2",
    "Ask the authorization server for a token whose authorization_details cover this.",
  ),
  "token.privileges": rule(
    "The access token's authorization details name the level: RECORDS for single records.",
    "RFC 9396 section 2.2",
    "Ask the authorization server for a token whose privileges name the level.",
  ),
  "ceiling.purpose": rule(
    "Banks may ask for this purpose.",
    MINIMUM,
    "State a purpose that is a bank's to state.",
  ),
  "ceiling.category": rule(
    "The purpose needs this category.",
    MINIMUM,
    "Leave the category out, or state the purpose that needs it.",
  ),
  "ceiling.level": rule(
    "The purpose needs single records of this category.",
    MINIMUM,
    "Ask for the category's figures, or state the purpose that needs its records.",
  ),
  "ceiling.lookback": rule("The purpose needs data this old.", MINIMUM, "Agree on fewer months."),
  "ceiling.life": rule(
    "A consent lives no longer than its purpose needs.",
    MINIMUM,
    "Request a new consent with an earlier end.",
  ),
  "ceiling.frequency": rule("The purpose needs inquiries this often.", MINIMUM, "Agree on fewer inquiries."),
  "ceiling.loan": rule(
    "Only a loan's assessment goes on as its monitoring, with no category or level that it did not open itself.",
    MINIMUM,
    "Request consent for POST_LOAN_MONITORING on its own.",
  ),
  "consent.required": rule(
    "The merchant consented to this bank.",
    BY_CONSENT,
    "Request the merchant's consent.",
  ),
  "consent.signatories": rule(
    "As many of the merchant's signatories have signed as the consent asks for.",
    BY_SIGNATURE,
    "Ask again once the others have signed.",
  ),
  "consent.started": rule("The consent has started.", BY_CONSENT, "Ask again once it has started."),
  "consent.paused": rule("The consent is not paused.", WITHDRAWN, "Ask again once the merchant resumes it."),
  "consent.revoked": rule(
    "The consent is not revoked.",
    WITHDRAWN,
    "Request a new consent if there is a new need.",
  ),
  "consent.superseded": rule(
    "The consent is not replaced by a newer one.",
    [`${PERSONAL} 第十四条`, `${CREDIT} 第三条`],
    "Ask again: the newer consent decides.",
  ),
  "consent.closed": rule(
    "The loan is not paid off.",
    NO_LONGER_NEEDED,
    "Request a new consent if there is a new need.",
  ),
  "consent.terminated": rule(
    "The bank has not given the consent back.",
    NO_LONGER_NEEDED,
    "Request a new consent if there is a new need.",
  ),
  "consent.expired": rule("The consent has not expired.", WITHIN_PERIOD, "Request a new consent."),
  "consent.frequency": rule(
    "The agreed number of inquiries is not used up.",
    WITHIN_PERIOD,
    "Ask again in the next period.",
  ),
  "consent.purpose": rule(
    "The consent is for the purpose stated.",
    AS_AGREED,
    "State the agreed purpose, or request consent for this one.",
  ),
  "consent.category": rule(
    "The consent opens the category.",
    AS_AGREED,
    "Request consent for this category.",
  ),
  "consent.level": rule(
    "The consent opens the category's single records.",
    AS_AGREED,
    "Ask for the category's figures, or request consent for its records.",
  ),
  "consent.granted": rule("A live consent opens the category for the purpose.", BY_CONSENT, ""),
  "request.cooldown": rule(
    "Whoever was refused does not ask again often.",
    `${NETWORK} 第二十二条`,
    "Wait until the time given, or let the merchant grant on its own.",
  ),
  "request.pending": rule(
    "A bank has few requests to one merchant pending at once.",
    [`${PERSONAL} 第六条`, MINIMUM],
    "Wait until the merchant answers, or a request lapses.",
  ),
  "signatory.registered": rule(
    "Where the merchant has registered signatories, only they sign for it.",
    BY_SIGNATURE,
    "Let a registered signatory ask, with a token that names that person.",
  ),
  "own.file": rule("Anyone may read its own file.", `${CREDIT} 第十七条`, ""),
};

/** China, second version of 2026: levels, loan stages, signatories. */
export const CN_2026_2: Rulebook = {
  version: "CN-2026.2",
  rules: RULES,
  ceilings: PURPOSE_CEILINGS,
  request: { pendingDays: 15, cooldownDays: 30, pendingMax: 3 },
  notice: {
    version: "CN-2026.2",
    language: "zh-CN",
    text:
      "本授权仅供所列银行为所列用途查询所列信息类别,在所列期限、回溯月数和次数之内有效,不得另作他用或转授他人。" +
      "未列明可查明细的类别只提供汇总;列明平台账户的,只及于所列账户。" +
      "载有贷后条款的,放款后即按所列贷后条款转为贷后管理,结清时终止。" +
      "您可以随时暂停或撤回授权,撤回即时生效,不影响撤回前已完成的查询。每次查询均有记录,您可以随时查看。" +
      "您有权查询、复制、更正、删除本人信息并提出异议。",
  },
};
