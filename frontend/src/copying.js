/** Give every `[data-copy]` block a button that copies its text. */
export function copyButtons(root) {
  if (!navigator.clipboard) return; // only in secure contexts
  for (const block of root.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = block.dataset.copy;
    button.addEventListener("click", () => copy(block.textContent.trim(), button));
    block.before(button);
  }
}

/** Copy `text`; the button says for two seconds that it was done. */
export async function copy(text, button) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "✓";
  } catch {
    button.textContent = "✗";
  }
  setTimeout(() => {
    button.textContent = words;
  }, 2000);
}
