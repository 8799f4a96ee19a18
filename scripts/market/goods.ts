/** A line of business. Rates are those of an ordinary merchant of the line; `price` is the median price in fen. */
export interface Goods {
  readonly category: string;
  readonly noun: string;
  readonly price: number;
  readonly returnRate: number;
  readonly weight: number;
}

export const GOODS: readonly [Goods, ...Goods[]] = [
  { category: "tea", noun: "Tea", price: 8_800, returnRate: 0.03, weight: 3 },
  { category: "clothing", noun: "Apparel", price: 12_900, returnRate: 0.16, weight: 5 },
  { category: "snacks", noun: "Foods", price: 3_900, returnRate: 0.02, weight: 4 },
  { category: "ceramics", noun: "Ceramics", price: 15_900, returnRate: 0.06, weight: 2 },
  { category: "toys", noun: "Toys", price: 5_900, returnRate: 0.05, weight: 3 },
  { category: "phone accessories", noun: "Digital", price: 4_500, returnRate: 0.07, weight: 4 },
  { category: "kitchenware", noun: "Houseware", price: 7_500, returnRate: 0.05, weight: 3 },
  { category: "cosmetics", noun: "Cosmetics", price: 9_900, returnRate: 0.04, weight: 3 },
];

/** Where goods go, and how long that takes from the east coast. */
export interface Region {
  readonly name: string;
  readonly transitHours: number;
  readonly weight: number;
}

export const REGIONS: readonly [Region, ...Region[]] = [
  { name: "Guangdong", transitHours: 50, weight: 14 },
  { name: "Zhejiang", transitHours: 30, weight: 12 },
  { name: "Jiangsu", transitHours: 32, weight: 11 },
  { name: "Shanghai", transitHours: 28, weight: 8 },
  { name: "Shandong", transitHours: 46, weight: 8 },
  { name: "Beijing", transitHours: 48, weight: 7 },
  { name: "Sichuan", transitHours: 64, weight: 6 },
  { name: "Hubei", transitHours: 50, weight: 6 },
  { name: "Fujian", transitHours: 44, weight: 6 },
  { name: "Heilongjiang", transitHours: 84, weight: 2 },
  { name: "Xinjiang", transitHours: 120, weight: 1 },
];

export const PLACES: readonly [string, ...string[]] = [
  "Qinghe",
  "Lanxi",
  "Yunhe",
  "Baishui",
  "Songtao",
  "Meiling",
  "Jinsha",
  "Luhu",
  "Zhulin",
  "Taohua",
  "Yanshan",
  "Hongyan",
];
export const FAMILIES: readonly [string, ...string[]] = [
  "Lin",
  "Chen",
  "Wang",
  "Zhao",
  "Sun",
  "Zhou",
  "Wu",
  "Zheng",
  "Huang",
  "Xu",
  "Ma",
  "Gao",
];

export const PRAISE: readonly [string, ...string[]] = [
  "As described, packed with care.",
  "Good for the price.",
  "Second time I buy here, still content.",
  "The colour is a little darker than in the picture, but fine.",
  "My mother likes it a lot.",
  "Came a day early. Thanks!",
];
export const COMPLAINTS: readonly [string, ...string[]] = [
  "Arrived late and the box was damp.",
  "Smaller than the page says.",
  "Broke after two days.",
  "No answer from the shop for a week.",
  "Not what I ordered.",
];
/** What paid reviewers paste. */
export const TEMPLATES: readonly [string, ...string[]] = [
  "Very good quality, fast delivery, will buy again, five stars!",
  "Great shop great quality great service, recommend to all!",
];
