// Runs before the first paint: it must not wait for anything and must not fail.
// The choice itself works by CSS alone (:has(#theme-dark:checked)); this only remembers it.
(() => {
  const root = document.documentElement;
  root.classList.add("scripting");
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {
    // storage is switched off: the choice holds for this page only
  }
  if (theme === "light" || theme === "dark") root.style.colorScheme = theme;
  document.addEventListener("DOMContentLoaded", () => {
    const chosen = document.getElementById(`theme-${theme}`);
    if (chosen) chosen.checked = true;
    for (const radio of document.querySelectorAll('input[name="theme"]')) {
      radio.addEventListener("change", () => {
        root.style.removeProperty("color-scheme");
        try {
          localStorage.setItem("theme", radio.value);
        } catch {
          // as above
        }
      });
    }
  });
})();
