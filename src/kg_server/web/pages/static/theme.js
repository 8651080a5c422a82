// Runs before the first paint: remembers the theme, which works by CSS alone.
(() => {
  const root = document.documentElement;
  root.classList.add("scripting");
  const store = (value) => {
    try {
      if (value) localStorage.setItem("theme", value);
      return localStorage.getItem("theme");
    } catch {} // storage is switched off: the choice holds for this page only
  };
  const theme = store();
  if (/^(light|dark)$/.test(theme)) root.style.colorScheme = theme;
  addEventListener("DOMContentLoaded", () => {
    for (const radio of document.querySelectorAll('[name="theme"]')) {
      if (radio.value === theme) radio.checked = true;
      radio.addEventListener("change", () => {
        root.style.colorScheme = "";
        store(radio.value);
      });
    }
  });
})();
