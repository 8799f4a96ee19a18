export { readApiSchema } from "../../scripts/compose/documents/api-schema.js";
