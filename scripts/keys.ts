import { loadKeys } from "../gateway/open-bureau.js";
import { dataPaths, readGatewaySettings } from "../gateway/process.js";

const paths = dataPaths(readGatewaySettings(process.env));
const keys = await loadKeys(paths.keys);
process.stdout.write(`keys are in ${paths.keys}: issuer ${keys.issuer.kid}, permit ${keys.permit.kid}, artefact ${keys.artefact.kid}\n`);
