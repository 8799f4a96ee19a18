import type { Category } from "../../schema/categories.js";
import type { FrequencyPeriod } from "../../schema/purposes.js";
import type { Scope } from "../../schema/parties.js";

/** What is said on a page: Chinese first, for the merchants are Chinese, English beside it. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** The texts of the pages, kept in one place so that a lawyer can read them in one go. */
export const WORDS = {
  bureau: { zh: "信桥 授权中心", en: "Xinqiao authorization" },
  signIn: { zh: "登录", en: "Sign in" },
  signOut: { zh: "退出登录", en: "Sign out" },
  login: { zh: "账号", en: "Login" },
  password: { zh: "密码", en: "Password" },
  signInFor: { zh: "请登录,以便处理以下机构的请求:", en: "Sign in to answer the request of" },
  signInToAnswer: { zh: "请登录,以便处理授权请求。", en: "Sign in to answer requests for consent." },
  wrongPassword: { zh: "账号或密码不正确。", en: "The login or the password is wrong." },
  tooManyAttempts: {
    zh: "尝试次数过多,请稍后再试。",
    en: "Too many attempts. Please wait before you try again.",
  },
  otherPerson: {
    zh: "此浏览器已由另一账号登录,请先退出登录。",
    en: "Somebody else is signed in in this browser. Sign out first.",
  },
  actsFor: { zh: "代表商户", en: "acting for the merchant" },
  requestTitle: { zh: "授权请求", en: "A request for your consent" },
  asks: { zh: "请求查询贵方的信用信息。", en: "asks to read your credit profile." },
  recipient: { zh: "信息接收方", en: "Recipient" },
  recipientId: { zh: "机构编号", en: "Registered id" },
  purpose: { zh: "用途", en: "Purpose" },
  categories: { zh: "信息类别(可取消勾选)", en: "Categories (un-tick what you do not want to open)" },
  records: { zh: "同时开放逐笔明细", en: "open the single records as well" },
  recordsAsked: {
    zh: "对方还希望查看逐笔明细。如同意,请自行勾选。",
    en: "It would also like to read single records. Tick where you agree.",
  },
  figuresOnly: { zh: "仅汇总数据", en: "figures only" },
  lookback: { zh: "回溯月数", en: "Months back" },
  lookbackHint: { zh: "可缩短,最多", en: "you may shorten it; at most" },
  until: { zh: "有效期至", en: "Valid until" },
  untilHint: { zh: "可提前,最晚", en: "you may choose an earlier day; at the latest" },
  frequency: { zh: "查询次数", en: "Inquiries" },
  frequencyHint: { zh: "可减少,最多", en: "you may choose fewer; at most" },
  message: { zh: "对方附言", en: "Message of the bank" },
  notice: { zh: "告知事项", en: "Notice" },
  separate: {
    zh: "本授权仅针对上述一家机构和一种用途,与其他授权无关。拒绝不影响您使用本中心的其他服务。",
    en: "This consent is for this one recipient and this one purpose only. You may deny it without any other effect here.",
  },
  approve: { zh: "同意授权", en: "Approve" },
  deny: { zh: "拒绝", en: "Deny" },
  sign: { zh: "签署", en: "Sign" },
  leave: { zh: "返回", en: "Back" },
  appTitle: { zh: "应用登录", en: "An app asks for access" },
  appAsks: { zh: "请求以贵方名义使用以下功能:", en: "asks to act in your name:" },
  open: { zh: "待处理的授权请求", en: "Requests that wait for your answer" },
  none: { zh: "没有待处理的请求。", en: "Nothing waits for your answer." },
  approved: {
    zh: "已授权。您可随时撤回。",
    en: "You have given your consent. You can withdraw it at any time.",
  },
  denied: { zh: "已拒绝。", en: "You have denied the request." },
  awaiting: {
    zh: "已签署,等待其他授权签字人签署。",
    en: "You have signed. Other signatories must sign before the consent takes effect.",
  },
  answered: { zh: "该请求已有结果。", en: "The request has been answered already." },
  notYours: {
    zh: "该请求针对另一商户,与您登录的账号不符。",
    en: "The request is to another merchant than the one you act for.",
  },
  notSignatory: {
    zh: "您不在该商户登记的授权签字人之列,不能签署。",
    en: "You are not among those who may sign for this merchant.",
  },
  problem: { zh: "请更正:", en: "Please correct:" },
  problemCategories: {
    zh: "至少保留一个信息类别;如不同意,请选择拒绝。",
    en: "Keep at least one category, or deny the request.",
  },
  problemLookback: { zh: "回溯月数超出请求范围。", en: "The months back are more than was asked for." },
  problemUntil: { zh: "有效期超出请求范围。", en: "The end is later than was asked for, or no date." },
  problemFrequency: { zh: "查询次数超出请求范围。", en: "The inquiries are more than was asked for." },
  errorTitle: { zh: "无法继续", en: "This cannot go on" },
  expired: {
    zh: "页面已过期,请从对方网站重新开始。",
    en: "This page has expired. Please start again where you came from.",
  },
  foreign: {
    zh: "请求不是从本页面发出的。",
    en: "The answer did not come from this page.",
  },
  busy: { zh: "服务暂不可用,请稍后再试。", en: "The service cannot answer now. Please try again." },
} as const satisfies Readonly<Record<string, Words>>;

export const CATEGORY_WORDS: Readonly<Record<Category, Words & { readonly holds: Words }>> = {
  IDENTITY: {
    zh: "主体信息",
    en: "Identity",
    holds: { zh: "名称、类型、经营年限、关联店铺", en: "name, kind of business, tenure, shops" },
  },
  TRANSACTIONS: {
    zh: "交易信息",
    en: "Transactions",
    holds: { zh: "销售额、订单、退款、增长", en: "sales, orders, refunds, growth" },
  },
  SETTLEMENTS: {
    zh: "结算信息",
    en: "Settlements",
    holds: { zh: "结算到账、费用、在途应收、回款周期", en: "payouts, fees, receivables, cash cycle" },
  },
  LOGISTICS: {
    zh: "物流信息",
    en: "Logistics",
    holds: { zh: "发货及时率、物流时效", en: "punctuality of dispatch, lead times" },
  },
  REVIEWS: {
    zh: "评价信息",
    en: "Reviews",
    holds: { zh: "评分、趋势、差评占比", en: "scores, trend, negative share" },
  },
  SOCIAL: {
    zh: "社交信息",
    en: "Social",
    holds: { zh: "影响力、买家群体特征(汇总)", en: "reach, traits of buyer groups as aggregates" },
  },
  FINANCING: {
    zh: "融资信息",
    en: "Financing",
    holds: { zh: "供应链融资、借款、众筹、还款", en: "supply-chain credit, loans, crowdfunding, repayment" },
  },
  ASSESSMENT: { zh: "评估信息", en: "Assessment", holds: { zh: "评分与原因", en: "score and its reasons" } },
};

export const PERIOD_WORDS: Readonly<Record<FrequencyPeriod, Words>> = {
  DAY: { zh: "每日", en: "a day" },
  WEEK: { zh: "每周", en: "a week" },
  MONTH: { zh: "每月", en: "a month" },
  TOTAL: { zh: "总计", en: "in total" },
};

export const SCOPE_WORDS: Readonly<Record<Scope | "openid", Words>> = {
  openid: { zh: "确认登录身份", en: "know that you signed in" },
  "profile:read": { zh: "查看本商户的信用档案", en: "read your own credit profile" },
  "consents:manage": { zh: "授予、暂停、撤回授权", en: "grant, pause and withdraw consents" },
  "consents:read": { zh: "查看授权", en: "see consents" },
  "consents:request": { zh: "请求授权", en: "request consents" },
  "inquiries:read": { zh: "查看谁查询过本商户", en: "see who asked about you" },
  "feeds:write": { zh: "报送数据", en: "publish feeds" },
  "audit:read": { zh: "查看审计记录", en: "read the audit record" },
  "credentials:end": { zh: "终止凭证", en: "end credentials" },
};
