// Several queries at once, each in a tab. They are kept in this browser.

import { keepDrafts, keptDrafts } from "./keeping.js";

export class Tabs {
  /**
   * @param {HTMLElement} place
   * @param {object} words
   * @param {string | undefined} shared a text that has to be open: of a link, or of the address
   * @param {string} starter what an empty browser begins with
   * @param {(text: string) => void} onOpen
   */
  constructor(place, words, shared, starter, onOpen) {
    Object.assign(this, { place, words, onOpen });
    const kept = keptDrafts();
    this.texts = kept?.texts ?? [];
    this.open = kept?.open ?? 0;
    if (shared !== undefined) this.add(shared);
    else if (!this.texts.length) this.texts = [starter];
    this.draw();
  }

  get text() {
    return this.texts[this.open];
  }

  /** Open a text: in the tab that has it, or in a new one. */
  add(text) {
    const there = this.texts.indexOf(text);
    if (there >= 0) {
      this.open = there;
    } else {
      this.texts = [...this.texts, text];
      this.open = this.texts.length - 1;
    }
  }

  /** Keep the text of the open tab. */
  write(text) {
    if (this.texts[this.open] === text) return;
    this.texts[this.open] = text;
    keepDrafts({ texts: this.texts, open: this.open });
    const button = this.place.querySelector("[aria-pressed=true]");
    if (button) button.textContent = this.title(text, this.open);
  }

  show(index) {
    this.open = index;
    this.draw();
    keepDrafts({ texts: this.texts, open: this.open });
    this.onOpen(this.text);
  }

  /** The first comment of a text, or else its number. */
  title(text, index) {
    const comment = /^\s*#\+?\s*(?:title:)?\s*(.+)$/m.exec(text)?.[1].trim();
    if (!comment) return `${this.words.tab} ${index + 1}`;
    return comment.length > 30 ? `${comment.slice(0, 29)}…` : comment;
  }

  draw() {
    const many = this.texts.length > 1;
    const buttons = this.texts.map((text, index) => this.button(this.title(text, index), () => this.show(index), index === this.open));
    const add = this.button(`+ ${this.words.newTab}`, () => {
      this.add("");
      this.show(this.open);
    });
    const close = this.button(`× ${this.words.closeTab}`, () => {
      this.texts.splice(this.open, 1);
      this.show(Math.max(0, this.open - 1));
    });
    add.dataset.tab = "new";
    close.dataset.tab = "close";
    this.place.replaceChildren(...(many ? buttons : []), add, ...(many ? [close] : []));
  }

  button(text, onClick, pressed) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    if (pressed !== undefined) button.setAttribute("aria-pressed", String(pressed));
    button.addEventListener("click", onClick);
    return button;
  }
}
