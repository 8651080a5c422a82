/**
 * Walk through the drawing of a thing's neighbours: a click on a dot puts the drawing of that thing
 * into the page, a click on a number draws all. Both are links to pages that have that drawing.
 */
export function walkable(root) {
  for (const figure of root.querySelectorAll("[data-neighbourhood]")) {
    figure.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-drawing]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      walk(figure, link.href?.baseVal ?? link.href);
    });
  }
}

async function walk(figure, address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    figure.replaceChildren(...page.querySelector("[data-neighbourhood]").childNodes);
    figure.querySelector("[tabindex]").focus({ preventScroll: true });
  } catch {
    location.assign(address);
  }
}
