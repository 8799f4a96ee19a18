/** Names by which entities are found in what was fetched. */
export function keyFieldsOf(supergraphSdl: string): ReadonlySet<string> {
  const keys = [...supergraphSdl.matchAll(/@join__type\([^)]*\bkey: "([^"]*)"/g)];
  return new Set(["__typename", ...keys.flatMap(([, fields = ""]) => fields.match(/\w+/g) ?? [])]);
}
