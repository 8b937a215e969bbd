import type { PlotOptions } from "@observablehq/plot";
import { importPeer } from "@tsops/core";
import { escapeText } from "./html.ts";

export type Plot = typeof import("@observablehq/plot");

/** Draws charts without a browser. */
export interface ChartRenderer {
  readonly Plot: Plot;
  /** One `<svg>` element. Its colours are CSS variables and `currentColor`, so it follows the page. */
  svg(options: PlotOptions, label: string): string;
}

/**
 * Loads Observable Plot and a DOM to draw in, both optional peers.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY
 */
export async function loadCharts(): Promise<ChartRenderer> {
  const peers = ["@observablehq/plot", "linkedom"];
  const Plot = await importPeer("A report", "@observablehq/plot", () => import("@observablehq/plot"), peers);
  const { parseHTML } = await importPeer("A report", "linkedom", () => import("linkedom"), peers);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return {
    Plot,
    svg(options, label) {
      const root = Plot.plot({
        ...options,
        document,
        className: "plot",
        style: { overflow: "visible" },
      }) as unknown as DrawnElement;
      for (const style of root.querySelectorAll("style")) style.remove();
      for (const element of root.querySelectorAll("*")) {
        roundAttributes(element);
        // The picture has one label; groups have no role that could carry another.
        element.removeAttribute("aria-label");
      }
      root.setAttribute("role", "img");
      root.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      root.setAttribute("aria-label", label);
      return serialised(root);
    },
  };
}

/** The little of a DOM that is needed after drawing. */
interface DrawnElement {
  readonly localName: string;
  readonly nodeType: number;
  readonly textContent: string | null;
  readonly attributes: Iterable<{ readonly name: string; value: string }>;
  readonly childNodes: Iterable<DrawnElement>;
  querySelectorAll(selector: string): Iterable<DrawnElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

/** Screens have no use for more than two digits below the pixel. */
function roundAttributes(element: DrawnElement): void {
  for (const attribute of element.attributes)
    if (/^(d|x|y|[xy][12]|r|cx|cy|width|height|transform)$/.test(attribute.name))
      attribute.value = attribute.value.replace(/-?\d+\.\d{3,}(e-\d+)?/g, (number) =>
        String(Number(Number(number).toFixed(2))),
      );
}

/** Writes XML ourselves: linkedom leaves `<` in attributes as it is, which is no XML, and a report must be safe for any text. */
function serialised(element: DrawnElement): string {
  if (element.nodeType === 3) return escapeText(element.textContent ?? "");
  if (element.nodeType !== 1) return "";
  const attributes = [...element.attributes]
    .map(({ name, value }) => ` ${name}="${escapeText(value)}"`)
    .join("");
  const content = [...element.childNodes].map(serialised).join("");
  return content === ""
    ? `<${element.localName}${attributes}/>`
    : `<${element.localName}${attributes}>${content}</${element.localName}>`;
}
