/** Give every `[data-copy]` block a button that copies its text. */
export function copyButtons(root) {
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
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else if (!copySelected(text, button)) throw new Error("the browser refused");
    button.textContent = "✓";
  } catch {
    button.textContent = "✗";
  }
  setTimeout(() => {
    button.textContent = words;
  }, 2000);
}

/** Copy by way of a selection: over plain HTTP there is no other (navigator.clipboard is absent). */
function copySelected(text, button) {
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "visually-hidden";
  button.after(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  button.focus();
  return copied;
}
