import { type Html, html, trusted } from "./html.ts";
import { pageStyle } from "./style.ts";

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  /** A sentence under the title. */
  readonly lead?: string | undefined;
  /** Rules beside those that all pages have. */
  readonly style: string;
  /** Figures at the top. */
  readonly tiles: Html;
  readonly sections: readonly (readonly [id: string, name: string, body: Html])[];
  readonly footer: string;
}

/** What a page may load and run: nothing. */
export const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'";

/** One HTML file: no script, no request, light and dark, for desk and phone. */
export function htmlPage({ title, lead, style, tiles, sections, footer }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(pagePolicy)}">
<meta name="color-scheme" content="light dark">
<title>${title} · tsops report</title>
<style>${trusted(`${pageStyle()}\n${style}`)}</style>
</head>
<body><div class="page">
<header class="top"><h1>${title}</h1>${lead !== undefined && html`<p class="lead">${lead}</p>`}</header>
${sections.length > 0 && html`<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>`}
<main>
${tiles}
${sections.map(([id, name, body]) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${body}</section>\n`)}</main>
<footer><p>${footer}</p></footer>
</div></body>
</html>
`.markup;
}
