import { X509Certificate } from "node:crypto";
import { sha256Base64url } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";

const CHARACTERS_MAX = 8_192;
/** One Byte Sequence of RFC 9651 section 3.3.5, as RFC 9440 section 2.2 has it. */
const BYTE_SEQUENCE = /^:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):$/;

/**
 * Requires that the client's certificate is the one that the token is bound to (RFC 8705 section 3.1). `values` are those
 * of the Client-Cert header of a pinned TLS terminator, which has verified that the client holds the key.
 * @throws TOKEN_BINDING_MISMATCH
 */
export function checkCertificate(values: readonly string[], thumbprint: string): void {
  const [value, ...others] = values;
  if (value === undefined) throw mismatch("no client certificate of a pinned TLS terminator");
  if (others.length > 0) throw mismatch("more than one Client-Cert header");
  if (sha256Base64url(readCertificate(value)) !== thumbprint) throw mismatch("another client certificate");
}

function readCertificate(value: string): Uint8Array {
  const encoded = value.length <= CHARACTERS_MAX ? BYTE_SEQUENCE.exec(value)?.[1] : undefined;
  const der = Buffer.from(encoded ?? "", "base64");
  if (encoded === undefined || encoded === "" || der.toString("base64") !== encoded)
    throw mismatch("Client-Cert is not one base64 byte sequence");
  try {
    if (new X509Certificate(der).raw.equals(der)) return der;
  } catch (cause) {
    throw mismatch("Client-Cert holds no certificate", cause);
  }
  throw mismatch("Client-Cert holds more than a certificate");
}

function mismatch(detail: string, cause?: unknown): BureauError {
  return new BureauError("TOKEN_BINDING_MISMATCH", detail, { cause });
}
