/** Markup that may be put into a page as it is. */
export interface Html {
  readonly markup: string;
}

/** What a template takes: text (escaped), numbers, markup, lists of these, or nothing. */
export type HtmlContent = string | number | bigint | Html | null | undefined | false | readonly HtmlContent[];

/** Makes markup of a template. Everything that is put in is escaped unless it is markup already, so text can never become a tag. */
export function html(parts: TemplateStringsArray, ...contents: readonly HtmlContent[]): Html {
  let markup = parts[0] as string;
  contents.forEach((content, i) => {
    markup += written(content) + (parts[i + 1] as string);
  });
  return { markup };
}

/** Marks text as markup. Only for text that this package made itself. */
export function trusted(markup: string): Html {
  return { markup };
}

/** Text as it must be written between tags or in a quoted attribute, of HTML and of XML. What XML forbids becomes U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(forbidden, "\ufffd")
    .replace(loneSurrogates, "\ufffd");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML 1.0 has no way to write
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
const loneSurrogates = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function written(content: HtmlContent): string {
  if (content === null || content === undefined || content === false) return "";
  if (typeof content === "string") return escapeText(content);
  if (typeof content === "object")
    return "markup" in content ? content.markup : content.map(written).join("");
  return String(content);
}
