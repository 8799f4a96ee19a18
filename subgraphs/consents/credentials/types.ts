import { Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import { type Credential, CREDENTIAL_KINDS } from "../../../schema/claims.js";
import { PartyPolicy } from "../../host/directives.js";
import { PageInfo } from "../../host/paging.js";
import { InstantScalar } from "../../host/scalars.js";
import { enumOf } from "../../host/vocabulary.js";

export const CredentialKindEnum = enumOf(CREDENTIAL_KINDS);
registerEnumType(CredentialKindEnum, {
  name: "CredentialKind",
  description: "What an access token rests on: its client, its key, its grant, and the token itself.",
});

@InputType()
export class EndCredentialInput {
  @Field(() => CredentialKindEnum) kind!: Credential["kind"];
  @Field(() => String, { description: "The issuer of the access tokens, as in their claim `iss`." })
  issuer!: string;
  @Field(() => String, {
    description: "The issuer's own name for it: `client_id`, thumbprint of the key, `grant_id` or `jti`.",
  })
  id!: string;
  @Field(() => String, { description: "1 to 500 characters, for the record." }) reason!: string;
}

@PartyPolicy(["officer"])
@ObjectType({ description: "A credential that was ended, for good." })
export class EndedCredential {
  @Field(() => ID, { description: "Of this entry." }) id!: string;
  @Field(() => CredentialKindEnum) kind!: Credential["kind"];
  @Field(() => String) issuer!: string;
  @Field(() => String, { description: "The issuer's own name for it." }) name!: string;
  @Field(() => InstantScalar) endedAt!: Date;
  @Field(() => String, { description: "Who ended it first." }) actor!: string;
  @Field(() => String) reason!: string;
}

@PartyPolicy(["officer"])
@ObjectType({ description: "A page of ended credentials, newest first." })
export class EndedCredentialConnection {
  @Field(() => [EndedCredential]) nodes!: readonly EndedCredential[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}
