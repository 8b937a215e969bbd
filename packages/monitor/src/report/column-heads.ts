import { type Html, html } from "./html.ts";

/** The head of a table whose rows are stacked on a phone; it says its roles, because a `display` of its own would take them away. */
export function columnHeads(names: readonly string[]): Html {
  return html`<thead role="rowgroup"><tr role="row">${names.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>`;
}
