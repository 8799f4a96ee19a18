import { registerEnumType } from "type-graphql";
import { CATEGORIES, LEVELS } from "../../schema/categories.js";
import { PARTIES } from "../../schema/parties.js";
import { PURPOSE_CEILINGS, PURPOSES } from "../../schema/purposes.js";

/** A GraphQL enum's values out of a list of words: each stands for itself. */
export function enumOf<T extends string>(values: readonly T[]): { readonly [V in T]: V } {
  return Object.fromEntries(values.map((value) => [value, value])) as { readonly [V in T]: V };
}

export const PurposeEnum = enumOf(PURPOSES);
registerEnumType(PurposeEnum, {
  name: "Purpose",
  description: "Why a bank asks; a consent names exactly one.",
  valuesConfig: Object.fromEntries(
    PURPOSES.map((purpose) => {
      const { en, zh } = PURPOSE_CEILINGS[purpose].text;
      return [purpose, { description: `${en} (${zh}).` }];
    }),
  ),
});

export const CategoryEnum = enumOf(CATEGORIES);
registerEnumType(CategoryEnum, { name: "Category", description: "A kind of data that a consent can open." });

export const LevelEnum = enumOf(LEVELS);
registerEnumType(LevelEnum, {
  name: "Level",
  description: "How closely a category may be read; each level includes the ones before it.",
  valuesConfig: {
    SUMMARY: { description: "Figures about many records." },
    RECORDS: { description: "The records themselves as well." },
  },
});

export const PartyEnum = enumOf(PARTIES);
registerEnumType(PartyEnum, { name: "Party", description: "The kinds of caller." });
