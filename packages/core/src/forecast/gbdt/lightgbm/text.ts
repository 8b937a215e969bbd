import { TsopsError } from "../../../errors.ts";

/** An error in a model file, by its line (counted from 1). */
export function lineError(line: number, message: string, hint?: string): TsopsError {
  return new TsopsError("MODEL_FORMAT_INVALID", `Line ${line} of the LightGBM model: ${message}`, {
    details: { line },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Lines `name=value` that belong together: the header, or one tree. */
export class Section {
  /** Line it begins in. */
  readonly line: number;
  readonly #what: string;
  readonly #fields = new Map<string, { readonly line: number; readonly text: string }>();

  constructor(line: number, what: string) {
    this.line = line;
    this.#what = what;
  }

  add(line: number, text: string): void {
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    if (this.#fields.has(name)) throw lineError(line, `${this.#what} says ${name} a second time.`);
    this.#fields.set(name, { line, text: at < 0 ? "" : text.slice(at + 1) });
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  lineOf(name: string): number {
    return this.#fields.get(name)?.line ?? this.line;
  }

  /** @throws TsopsError MODEL_FORMAT_INVALID when there is no such line. */
  text(name: string): string {
    const field = this.#fields.get(name);
    if (field === undefined) throw lineError(this.line, `${this.#what} that begins here has no ${name}.`);
    return field.text;
  }

  /** The words of a line. */
  words(name: string): string[] {
    return this.text(name)
      .split(" ")
      .filter((word) => word !== "");
  }

  /** The numbers of a line, `count` of them. */
  numbers(name: string, count: number): Float64Array {
    const words = this.words(name);
    if (words.length !== count)
      throw lineError(this.lineOf(name), `${name} has ${words.length} values and needs ${count}.`);
    return Float64Array.from(words, (word) => this.#number(name, word));
  }

  /** The whole numbers of a line, `count` of them, from `low` to `high`. */
  wholes(name: string, count: number, low: number, high: number): Float64Array {
    const values = this.numbers(name, count);
    for (const value of values)
      if (!(Number.isInteger(value) && value >= low && value <= high))
        throw lineError(
          this.lineOf(name),
          `${name} takes whole numbers from ${low} to ${high}, found ${value}.`,
        );
    return values;
  }

  whole(name: string, low: number, high: number): number {
    return this.wholes(name, 1, low, high)[0] as number;
  }

  #number(name: string, word: string): number {
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) return Number(word);
    const infinity = /^([+-]?)inf(inity)?$/i.exec(word);
    if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
    throw lineError(this.lineOf(name), `${name} takes numbers, found "${word.slice(0, 30)}".`);
  }
}

/** Header and trees of a model file. What comes after the trees says nothing about predictions. */
export interface ModelText {
  readonly header: Section;
  readonly trees: readonly Section[];
}

/** @throws TsopsError MODEL_FORMAT_INVALID naming the line when the text is no model file, or a part of one. */
export function parseModelText(text: string): ModelText {
  const lines = text.split(/\r?\n/);
  if (lines[0]?.trim() !== "tree")
    throw lineError(
      1,
      'it should be "tree".',
      "Give the text that Booster.save_model() or model_to_string() wrote.",
    );
  const header = new Section(1, "The header");
  const trees: Section[] = [];
  let section = header;
  for (let index = 1; index < lines.length; index++) {
    const line = (lines[index] as string).trim();
    const number = index + 1;
    if (line === "end of trees") return { header, trees };
    if (line === "") continue;
    if (line.startsWith("Tree=")) {
      if (line !== `Tree=${trees.length}`)
        throw lineError(number, `tree ${trees.length} should begin here, found "${line.slice(0, 30)}".`);
      section = new Section(number, `The tree ${trees.length}`);
      trees.push(section);
    } else section.add(number, line);
  }
  throw lineError(lines.length, 'the text ends before "end of trees".', "The file is cut: fetch it again.");
}
