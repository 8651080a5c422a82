/** Suggest things by label under every `input[data-suggest]` (ARIA combobox pattern). */
export function suggestions(root) {
  root.querySelectorAll("input[data-suggest]").forEach((input, index) => new Combobox(input, index));
}

class Combobox {
  /**
   * @param {HTMLInputElement} input `data-suggest` is the search's address, `data-kind` the local
   *   name of a class to keep to; with `data-fill` a choice fills the field in with the label, or
   *   with `data-fill="iri"` the IRI; without it, a choice opens the thing's page.
   */
  constructor(input, index) {
    this.input = input;
    this.things = [];
    this.chosen = -1;
    this.list = document.createElement("ul");
    this.list.id = `suggestions-${index}`;
    this.list.className = "suggestions";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels?.[0]?.textContent.trim() || input.name);
    input.parentElement.append(this.list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", () => this.schedule());
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  schedule() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), 120);
  }

  async search() {
    const text = this.input.value.trim();
    this.request?.abort();
    if (!text) return this.close();
    this.request = new AbortController();
    const address = new URL(this.input.dataset.suggest, location.href);
    address.searchParams.set("q", text);
    address.searchParams.set("format", "json");
    address.searchParams.set("limit", "8");
    if (this.input.dataset.kind) address.searchParams.set("type", this.input.dataset.kind);
    try {
      const response = await fetch(address, {
        headers: { Accept: "application/json" },
        signal: this.request.signal,
      });
      if (!response.ok) return this.close();
      const { results } = await response.json();
      this.show(results ?? []);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
    return undefined;
  }

  show(things) {
    this.things = things;
    this.chosen = -1;
    this.list.replaceChildren(...things.map((thing, index) => this.option(thing, index)));
    this.list.hidden = things.length === 0;
    this.input.setAttribute("aria-expanded", String(things.length > 0));
  }

  option(thing, index) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const label = document.createElement("bdi");
    label.textContent = thing.label;
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = thing.typeLabel ?? "";
    item.append(label, hint);
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.take(index);
    });
    return item;
  }

  onKey(event) {
    const count = this.things.length;
    if (this.list.hidden || !count) return;
    if (event.key === "ArrowDown") this.choose((this.chosen + 1) % count);
    else if (event.key === "ArrowUp") this.choose((Math.max(this.chosen, 0) + count - 1) % count);
    else if (event.key === "Enter" && this.chosen >= 0) this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  choose(index) {
    this.chosen = index;
    [...this.list.children].forEach((item, at) =>
      item.setAttribute("aria-selected", String(at === index)),
    );
    this.input.setAttribute("aria-activedescendant", this.list.children[index].id);
    this.list.children[index].scrollIntoView({ block: "nearest" });
  }

  take(index) {
    const thing = this.things[index];
    if ("fill" in this.input.dataset) {
      this.input.value = this.input.dataset.fill === "iri" ? thing.iri : thing.label;
      this.close();
    } else if (thing.page) {
      location.assign(thing.page);
    }
  }

  close() {
    this.list.hidden = true;
    this.chosen = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
