import { inspect } from "node:util";

const HIDDEN = "[secret]";

/** A value that shows itself only when asked by name: printing, logging or JSON give `[secret]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  /** WARNING: the bare text. Hand it to what needs it and keep it nowhere. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
