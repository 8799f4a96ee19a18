import { createHash, generateKeyPairSync, sign } from "node:crypto";

/** A client certificate as a TLS terminator hands it on. */
export interface ClientCertificate {
  readonly der: Buffer;
  /** RFC 9440 section 2.2: a structured-field byte sequence. */
  readonly header: string;
  /** The `cnf` member of a token that is bound to it (RFC 8705 section 3.1). */
  readonly thumbprint: string;
}

/** Makes a self-signed certificate of P-256 (RFC 5280 section 4.1), written out by hand: no tool of the machine is needed. */
export function makeCertificate(commonName: string, extraBytes = 0): ClientCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));
  const padding = extraBytes === 0 ? [] : [subjectComment(extraBytes)];
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(time("20200101000000Z"), time("20990101000000Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    ...padding,
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    der: certificate,
    header: `:${certificate.toString("base64")}:`,
    thumbprint: createHash("sha256").update(certificate).digest("base64url"),
  };
}

/** An extension of our own that only makes the certificate long. */
function subjectComment(bytes: number): Buffer {
  const comment = sequence(oid("2a0304"), der(0x04, der(0x04, Buffer.alloc(bytes))));
  return der(0xa3, sequence(comment));
}

function time(text: string): Buffer {
  return der(0x18, Buffer.from(text));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** Tag, length, content (X.690 section 8.1). */
function der(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}
