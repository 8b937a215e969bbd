import { type Html, html, trusted } from "./html.ts";

/** Both sizes of a chart; the style sheet shows the one that fits. */
export function figureOf(draw: (size: "wide" | "narrow") => string): Html {
  return html`<figure class="chart"><div class="wide">${trusted(draw("wide"))}</div><div class="narrow">${trusted(draw("narrow"))}</div></figure>`;
}

/** The mark of a legend entry. Colours and dashes are this package's own, never the caller's text. */
export function swatch(
  colour: string,
  kind: "line" | "band" | "dot" | "cross" | "triangle",
  dash?: string | null,
): Html {
  const shapes = {
    line: `<line x1="0" x2="22" y1="7" y2="7" stroke="${colour}" stroke-width="2"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`,
    band: `<rect width="22" height="12" y="1" rx="2" fill="${colour}"/>`,
    dot: `<path d="M11 2l5 5-5 5-5-5z" fill="${colour}"/>`,
    cross: `<path d="M7 3l8 8m0-8l-8 8" stroke="${colour}" stroke-width="2"/>`,
    triangle: `<path d="M11 2l5.5 9.5h-11z" fill="${colour}"/>`,
  };
  return trusted(`<svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">${shapes[kind]}</svg>`);
}

/** What the marks of a chart mean. */
export function legend(items: readonly (readonly [Html, string])[]): Html {
  return html`<ul class="legend">${items.map(([mark, text]) => html`<li>${mark}${text}</li>`)}</ul>`;
}
