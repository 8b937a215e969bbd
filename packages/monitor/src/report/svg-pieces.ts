import { escapeText, type Html } from "./html.ts";
import { paletteRules } from "./style.ts";

/** An SVG file of its own, with a title; it follows the reader's light or dark setting where the viewer tells it, and needs no font or network. */
export function picture(
  {
    width,
    height,
    title,
    label,
  }: {
    readonly width: number;
    readonly height: number;
    readonly title: string;
    /** What it shows, for people who cannot see it. */
    readonly label: string;
  },
  content: string,
): string {
  const style = `${paletteRules("svg")}svg{color:var(--text);background:var(--card);font-family:system-ui,sans-serif;font-size:11px}svg svg{background:none}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" fill="currentColor" role="img" aria-label="${escapeText(label)}"><style>${style}</style><text x="8" y="19" font-size="14" font-weight="600">${escapeText(cut(title, width / 8.4))}</text>${content}</svg>`;
}

/** What marks mean, one after the other. Letters are taken to be 6.2 pixels wide, as nothing measures text here. */
export function legendLine(entries: readonly (readonly [Html, string])[], left: number, top: number): string {
  let x = left;
  return entries
    .map(([mark, text]) => {
      const entry = `<g transform="translate(${x},${top})">${mark.markup}<text x="28" y="11">${escapeText(text)}</text></g>`;
      x = Math.round(x + 42 + 6.2 * text.length);
      return entry;
    })
    .join("");
}

/** A drawing of its own as a part of another. */
export function placed(svg: string, x: number, y: number): string {
  return svg.replace(/ (role|aria-label)="[^"]*"/g, "").replace("<svg", `<svg x="${x}" y="${y}"`);
}

/** The name of a part. */
export function caption(name: string, x: number, y: number, room: number): string {
  return `<text x="${x + 8}" y="${y + 12}" font-size="12" font-weight="600">${escapeText(cut(name, room / 7.2))}</text>`;
}

/** A text with so many letters at most. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, Math.floor(most) - 1)}…` : text;
}
