// Evaluated in the page: what a reader would see, measured.
(() => {
  const isVisible = (element) => element.getClientRects().length > 0;
  const chart = (svg) => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const sizes = [...svg.querySelectorAll("text")].map(
      (text) => Number.parseFloat(getComputedStyle(text).fontSize) * scale,
    );
    return {
      label: svg.getAttribute("aria-label") ?? "",
      width: box.width,
      height: box.height,
      marks: [...svg.querySelectorAll("path, rect, circle")].filter((mark) => {
        const { width, height } = mark.getBoundingClientRect();
        return width > 1 && height > 1;
      }).length,
      smallestText: Math.min(...sizes),
    };
  };
  return {
    sections: [...document.querySelectorAll("section")].map((section) => ({
      id: section.id,
      height: section.getBoundingClientRect().height,
    })),
    charts: [...document.querySelectorAll("figure svg")].filter(isVisible).map(chart),
    scrollWidth: document.documentElement.scrollWidth,
    background: getComputedStyle(document.body).backgroundColor,
  };
})();
