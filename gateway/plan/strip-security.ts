import { type DocumentNode, Kind, visit } from "graphql";

/**
 * A copy of the supergraph without its `@policy` rules and link, for a planner that refuses to load what it does not
 * enforce. WARNING: whoever plans with the copy must enforce the rules read from the original.
 */
export function stripSecurity(supergraph: DocumentNode): DocumentNode {
  return visit(supergraph, {
    Directive(node) {
      if (node.name.value === "policy") return null;
      const url = node.arguments?.find((argument) => argument.name.value === "url")?.value;
      const isPolicyLink =
        node.name.value === "link" &&
        url?.kind === Kind.STRING &&
        url.value.startsWith("https://specs.apollo.dev/policy/");
      return isPolicyLink ? null : undefined;
    },
    DirectiveDefinition: (node) => (node.name.value === "policy" ? null : undefined),
    ScalarTypeDefinition: (node) => (node.name.value === "policy__Policy" ? null : undefined),
  });
}
