export { readApiSchema } from "../../scripts/documents/api-schema.js";
