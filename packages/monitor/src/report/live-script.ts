/**
 * What a live page runs: it listens for news, and puts in what changed. Sections that did not change are not touched; in those that did, what was opened, chosen and scrolled
 * stays, and what is at the top of the screen stays there.
 */
export const liveScript = `"use strict";
(() => {
  const status = document.getElementById("live");
  const keyOf = (details) => (details.closest("section")?.id ?? "") + "\\n" + (details.dataset.key ?? details.querySelector("summary")?.textContent ?? "");
  const inputOf = (input) => (input.closest("section")?.id ?? "") + "\\n" + input.name + "\\n" + input.value;
  const regionOf = (region) => region.getAttribute("aria-label") ?? "";
  const remember = (root) => ({
    details: new Map([...root.querySelectorAll("details")].map((one) => [keyOf(one), one.open])),
    checked: new Map([...root.querySelectorAll("input")].map((one) => [inputOf(one), one.checked])),
    scrolled: new Map([...root.querySelectorAll(".scroll")].map((one) => [regionOf(one), [one.scrollLeft, one.scrollTop]])),
    focus: document.activeElement?.matches("summary") ? keyOf(document.activeElement.parentElement)
      : document.activeElement?.matches("input") ? inputOf(document.activeElement) : null,
  });
  const restore = (root, kept) => {
    for (const one of root.querySelectorAll("details")) {
      const open = kept.details.get(keyOf(one));
      if (open !== undefined) one.open = open;
      if (kept.focus === keyOf(one)) one.querySelector("summary").focus({ preventScroll: true });
    }
    for (const one of root.querySelectorAll("input")) {
      const checked = kept.checked.get(inputOf(one));
      if (checked !== undefined) one.checked = checked;
      if (kept.focus === inputOf(one)) one.focus({ preventScroll: true });
    }
    // What was chosen may not be there any more.
    for (const one of root.querySelectorAll("input[type=radio][checked]"))
      if (![...root.querySelectorAll("input[type=radio]")].some((other) => other.name === one.name && other.checked)) one.checked = true;
    for (const one of root.querySelectorAll(".scroll")) {
      const [left, top] = kept.scrolled.get(regionOf(one)) ?? [0, 0];
      one.scrollLeft = left;
      one.scrollTop = top;
    }
  };
  const anchors = () => [...document.querySelectorAll("main section, main section h3, main details[data-key]")];
  const anchor = () => anchors().reverse().find((one) => one.getClientRects().length > 0 && one.getBoundingClientRect().top <= innerHeight / 3) ?? null;
  const nameOf = (one) => one.matches("details") ? "d" + keyOf(one) : one.matches("section") ? "s" + one.id : "h" + (one.closest("section")?.id ?? "") + one.textContent;
  const parts = (page) => new Map([
    ["style", page.querySelector("head style")],
    ["head", page.querySelector("header.top")],
    ["nav", page.querySelector("nav")],
    ["tiles", page.querySelector("main > .tiles")],
    ...[...page.querySelectorAll("main > section")].map((one) => ["section " + one.id, one]),
    ["footer", page.querySelector("footer")],
  ].filter(([, part]) => part !== null));
  const read = async () => {
    const answer = await fetch("page", { cache: "no-store" });
    if (!answer.ok) throw new Error("the command answered " + answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };
  let shown = new Map();
  const markupOf = (page) => new Map([...parts(page)].map(([name, part]) => [name, part.outerHTML]));
  const put = (page) => {
    const top = anchor();
    const at = top?.getBoundingClientRect().top ?? 0;
    const name = top === null ? null : nameOf(top);
    const next = parts(page);
    const live = parts(document);
    const isSame = next.size === live.size && [...next.keys()].every((key) => live.has(key));
    const kept = remember(document);
    const markup = markupOf(page);
    if (isSame) {
      for (const [key, part] of next) {
        if (markup.get(key) === shown.get(key)) continue;
        const fresh = document.importNode(part, true);
        live.get(key).replaceWith(fresh);
        restore(fresh, kept);
      }
    } else {
      document.querySelector("head style").replaceWith(document.importNode(page.querySelector("head style"), true));
      document.querySelector(".page").replaceWith(document.importNode(page.querySelector(".page"), true));
      restore(document, kept);
    }
    document.title = page.title;
    shown = markup;
    const again = name === null ? undefined : anchors().find((one) => nameOf(one) === name);
    if (again !== undefined) scrollBy({ top: again.getBoundingClientRect().top - at, behavior: "instant" });
  };
  let busy = false;
  let waiting = false;
  const update = async (isFirst) => {
    waiting = true;
    if (busy) return;
    busy = true;
    try {
      while (waiting) {
        waiting = false;
        put(await read());
      }
      if (!isFirst) tell("Live: updated " + new Date().toLocaleTimeString("en-GB") + ".");
    } catch (error) {
      tell("Live: could not update, " + error.message + ".");
    } finally {
      busy = false;
    }
  };
  const tell = (text) => { status.textContent = text; };
  shown = markupOf(document);
  const source = new EventSource("events");
  source.addEventListener("open", () => { tell("Live: follows the data."); void update(true); });
  source.addEventListener("changed", () => void update(false));
  source.addEventListener("failed", (event) => tell("Live: " + event.data));
  source.addEventListener("error", () => tell("Live: the command does not answer; this is what it said last."));
})();
`;
