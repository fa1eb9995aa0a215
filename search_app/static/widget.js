// <apparel-search key="apparel_..."></apparel-search>: a "find by photo" button and a drawer with
// the results, for any shop page. Attributes, events and CSS variables: search_app/examples/README.md.
"use strict";

(() => {
  const HOME = document.currentScript ? new URL(document.currentScript.src).origin : "";
  const LONGEST_SIDE = 1280; // pixels of a photo that is sent
  const WAIT_MS = 60000;

  const TEXTS = {
    en: {
      button: "Find by photo", title: "Find by photo", close: "Close",
      choose: "Choose a photo", hint: "or drop or paste one here", another: "Another photo",
      looking: "Looking for similar products …", garment: "Garment on the photo",
      upper: "Top", whole: "Dress", lower: "Bottoms", results: "Similar products",
      found: (count) => (count === 1 ? "1 similar product" : `${count} similar products`),
      none: "No similar product was found.", distant: "Nothing is really close. The nearest:",
      whole_photo: "No garment was found; the whole photo was searched.",
      was: "before", sold_out: "Sold out",
      not_a_photo: "This is not a photo.", busy: "Many are searching now. Please try again in a moment.",
      offline: "The search does not answer. Please try again later.",
      refused: "The search is not available on this page.", again: "Try again",
    },
    de: {
      button: "Mit Foto suchen", title: "Mit Foto suchen", close: "Schließen",
      choose: "Foto wählen", hint: "oder hier ablegen oder einfügen", another: "Anderes Foto",
      looking: "Ähnliche Artikel werden gesucht …", garment: "Kleidungsstück auf dem Foto",
      upper: "Oberteil", whole: "Kleid", lower: "Unterteil", results: "Ähnliche Artikel",
      found: (count) => (count === 1 ? "1 ähnlicher Artikel" : `${count} ähnliche Artikel`),
      none: "Kein ähnlicher Artikel gefunden.", distant: "Nichts ist wirklich ähnlich. Am nächsten:",
      whole_photo: "Kein Kleidungsstück erkannt; das ganze Foto wurde gesucht.",
      was: "vorher", sold_out: "Ausverkauft",
      not_a_photo: "Das ist kein Foto.", busy: "Gerade suchen viele. Bitte gleich noch einmal versuchen.",
      offline: "Die Suche antwortet nicht. Bitte später noch einmal versuchen.",
      refused: "Die Suche ist auf dieser Seite nicht verfügbar.", again: "Noch einmal",
    },
    fr: {
      button: "Chercher par photo", title: "Chercher par photo", close: "Fermer",
      choose: "Choisir une photo", hint: "ou déposez-la ou collez-la ici", another: "Autre photo",
      looking: "Recherche d’articles similaires …", garment: "Vêtement sur la photo",
      upper: "Haut", whole: "Robe", lower: "Bas", results: "Articles similaires",
      found: (count) => (count === 1 ? "1 article similaire" : `${count} articles similaires`),
      none: "Aucun article similaire.", distant: "Rien n’est vraiment proche. Les plus proches :",
      whole_photo: "Aucun vêtement détecté ; toute la photo a servi à la recherche.",
      was: "avant", sold_out: "Épuisé",
      not_a_photo: "Ce n’est pas une photo.", busy: "Trop de recherches en ce moment. Réessayez dans un instant.",
      offline: "La recherche ne répond pas. Réessayez plus tard.",
      refused: "La recherche n’est pas disponible sur cette page.", again: "Réessayer",
    },
  };

  // Constructed, not a <style>: a page's Content-Security-Policy does not forbid it.
  const SHEET = new CSSStyleSheet();
  SHEET.replaceSync(`
    :host { display: inline-block;
      --text: var(--apparel-text, #1c1b1a); --back: var(--apparel-background, #fff);
      --quiet: var(--apparel-muted, #5f5b57); --line: var(--apparel-border, #d9d5d0);
      --accent: var(--apparel-accent, #1c1b1a); --on-accent: var(--apparel-on-accent, #fff);
      --round: var(--apparel-radius, 8px); --font: var(--apparel-font, inherit); }
    :host([hidden]) { display: none; }
    * { box-sizing: border-box; }
    button, .choose { font: inherit; cursor: pointer; }
    .open, .choose, .again { display: inline-flex; align-items: center; gap: .5em; min-height: 44px;
      padding: .5em 1.1em; border: 0; border-radius: var(--round); background: var(--accent);
      color: var(--on-accent); font-family: var(--font); }
    .open svg { width: 1.25em; height: 1.25em; flex: none; }
    :focus-visible, .choose:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
    dialog { position: fixed; inset: 0 0 0 auto; width: min(28rem, 100vw); max-width: none;
      height: 100dvh; max-height: none; margin: 0; padding: 0; border: 0; background: var(--back);
      color: var(--text); font: 400 1rem/1.45 var(--font); overflow-y: auto;
      overscroll-behavior: contain; text-align: start; }
    dialog::backdrop { background: rgb(0 0 0 / .45); }
    @media (prefers-reduced-motion: no-preference) {
      dialog[open] { animation: in .18s ease-out; }
      @keyframes in { from { transform: translateX(2rem); opacity: 0; } } }
    header { position: sticky; top: 0; z-index: 1; display: flex; align-items: center;
      justify-content: space-between; padding: .5rem .5rem .5rem 1.25rem; background: var(--back);
      border-bottom: 1px solid var(--line); }
    h2 { margin: 0; font-size: 1.1rem; font-weight: 600; }
    .close { width: 44px; height: 44px; border: 0; background: none; color: inherit;
      border-radius: var(--round); font-size: 1.5rem; line-height: 1; }
    .body { padding: 1.25rem; display: grid; gap: 1rem; }
    .drop { display: grid; justify-items: center; gap: .6rem; padding: 2rem 1rem;
      border: 2px dashed var(--line); border-radius: var(--round); color: var(--quiet); }
    .drop.over { border-color: var(--accent); }
    .drop.small { grid-template-columns: auto 1fr; justify-items: start; align-items: center;
      padding: .6rem; border-style: solid; border-width: 1px; }
    .drop.small .hint { display: none; }
    .drop.small .choose { background: none; color: inherit; border: 1px solid var(--line); }
    @media (pointer: coarse) { .hint { display: none; } }
    canvas { display: none; max-width: 88px; max-height: 110px; border-radius: calc(var(--round) / 2); }
    .drop.small canvas { display: block; }
    .choose input { position: absolute; width: 1px; height: 1px; opacity: 0; }
    .choose { position: relative; }
    .said { margin: 0; min-height: 1.45em; color: var(--quiet); }
    .again { justify-self: start; }
    fieldset { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; border: 0; }
    legend { padding: 0; margin-bottom: .4rem; color: var(--quiet); }
    fieldset label { position: relative; display: inline-flex; align-items: center; gap: .5em;
      min-height: 44px; padding: 0 1em; border: 1px solid var(--line); border-radius: 99px; cursor: pointer; }
    fieldset label:has(:checked) { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
    fieldset input { position: absolute; opacity: 0; }
    fieldset label:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
    .dot { width: .8em; height: .8em; border-radius: 50%; border: 1px solid var(--line); }
    ul { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem .9rem; margin: 0; padding: 0;
      list-style: none; }
    .card { display: block; color: inherit; text-decoration: none; border-radius: var(--round); }
    .card img { display: block; width: 100%; aspect-ratio: 3 / 4; object-fit: contain;
      background: #f4f2f0; border-radius: var(--round); margin-bottom: .5rem; }
    .card .title { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
    a.card:hover .title { text-decoration: underline; }
    .brand, .sold { display: block; color: var(--quiet); font-size: .875rem; }
    .price { display: block; font-weight: 600; }
    s { font-weight: 400; color: var(--quiet); margin-inline-start: .4em; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    [hidden] { display: none !important; }
  `);

  const CAMERA =
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">' +
    '<path d="M4 8h3l1.5-2.5h7L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"/>' +
    '<circle cx="12" cy="13" r="3.6"/></svg>';

  // An element with properties and children; texts are never parsed as HTML.
  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  class ApparelSearch extends HTMLElement {
    static observedAttributes = ["label"];

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [SHEET];
    }

    connectedCallback() {
      if (!this.shadowRoot.childElementCount) this.#draw();
    }

    attributeChangedCallback() {
      if (this.buttonText) this.buttonText.textContent = this.getAttribute("label") || this.t.button;
    }

    get server() {
      return (this.getAttribute("server") || HOME).replace(/\/+$/, "");
    }

    get language() {
      const said = this.closest("[lang]");
      return (said && said.lang) || navigator.language || "en";
    }

    // Opens the drawer.
    open() {
      if (this.dialog.open) return;
      this.dialog.showModal();
      this.#tell("opened", {});
    }

    // Closes it; the browser moves the focus back to the button.
    close() {
      this.dialog.close();
    }

    // Searches with a photo (a File or Blob), and opens the drawer.
    async search(photo) {
      this.open();
      this.photo = photo;
      this.running?.abort();
      const running = (this.running = new AbortController());
      this.#show({ said: this.t.looking, busy: true });
      const started = performance.now();
      try {
        const sent = await this.#shrunk(photo);
        const found = await this.#ask(sent, running.signal);
        if (running === this.running) this.#showFound(found, performance.now() - started);
      } catch (error) {
        if (running === this.running) this.#showProblem(error);
      }
    }

    // The photo, drawn beside the results and small enough to send; as it is where it cannot be drawn.
    async #shrunk(photo) {
      let bitmap;
      try {
        bitmap = await createImageBitmap(photo);
      } catch {
        this.canvas.width = this.canvas.height = 1;
        return photo; // such as HEIC: the server may know it
      }
      const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
      const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.round(side * scale) || 1);
      Object.assign(this.canvas, { width, height });
      const context = this.canvas.getContext("2d");
      context.fillStyle = "#fff"; // behind what is transparent
      context.fillRect(0, 0, width, height);
      context.drawImage(bitmap, 0, 0, width, height);
      bitmap.close();
      return new Promise((done) => this.canvas.toBlob((blob) => done(blob || photo), "image/jpeg", 0.9));
    }

    async #ask(photo, signal) {
      const form = new FormData();
      form.append("photo", photo, "photo");
      form.append("k", this.getAttribute("count") || "12");
      const filters = (this.getAttribute("filters") || "").split(";");
      for (const filter of filters) if (filter.trim()) form.append("filters", filter.trim());
      const answer = await fetch(`${this.server}/api/v1/search`, {
        method: "POST",
        body: form,
        signal: AbortSignal.any ? AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]) : signal,
        headers: this.#headers(),
        credentials: "omit",
      });
      const document = await answer.json().catch(() => ({}));
      if (!answer.ok) throw { status: answer.status, ...document.error };
      return document;
    }

    #headers() {
      const key = this.getAttribute("key");
      return key ? { Authorization: `Bearer ${key}` } : {};
    }

    // For the shop's figures: of which search, which product; nothing about the visitor.
    #count(search_id, product_id, position) {
      if (!search_id) return;
      fetch(`${this.server}/api/v1/events`, {
        method: "POST",
        body: JSON.stringify({ search_id, event: "click", product_id, position }),
        headers: { ...this.#headers(), "Content-Type": "application/json" },
        credentials: "omit",
        keepalive: true,
      }).catch(() => {});
    }

    #showFound(found, milliseconds) {
      const garments = found.garments;
      this.#tell("searched", {
        garments: garments.map((each) => ({
          garmentClass: each.garment_class,
          results: each.results.length,
          nothingClose: each.nothing_close,
        })),
        milliseconds: Math.round(milliseconds),
      });
      this.#show({ said: "" });
      this.choices.replaceChildren(make("legend", { textContent: this.t.garment }));
      garments.forEach((garment, place) => {
        const input = make("input", { type: "radio", name: "garment", checked: place === 0 });
        input.addEventListener("change", () => this.#showResults(garment));
        const colour = garment.colours[0];
        const dot = colour ? make("span", { className: "dot" }) : null;
        if (dot) dot.style.background = colour.hex;
        // Colours are named in English; elsewhere a number tells two tops apart.
        const english = this.t === TEXTS.en && colour;
        const name = this.t[garment.garment_class] + (english ? `, ${colour.name}` : ` ${place + 1}`);
        this.choices.append(make("label", {}, input, dot, name));
      });
      this.choices.hidden = garments.length < 2;
      if (garments.length) this.#showResults(garments[0]);
      else this.said.textContent = this.t.none;
    }

    #showResults(garment) {
      const { results } = garment;
      const notes = [this.t.found(results.length)];
      if (!results.length) notes[0] = this.t.none;
      else if (garment.nothing_close) notes[0] = this.t.distant;
      if (garment.whole_photo) notes.unshift(this.t.whole_photo);
      this.said.textContent = notes.join(" ");
      this.list.replaceChildren(
        ...results.map((result, place) => make("li", {}, this.#card(result, garment, place + 1))),
      );
      this.list.hidden = !results.length;
    }

    #card(result, garment, rank) {
      const photo = make("img", { alt: "", loading: "lazy", crossOrigin: "anonymous" });
      photo.src = this.server + result.photo_url;
      const card = make(
        result.url ? "a" : "div",
        { className: "card" },
        photo,
        make("span", { className: "title", textContent: result.title }),
        result.brand ? make("span", { className: "brand", textContent: result.brand }) : null,
        this.#price(result),
        result.availability === "out of stock"
          ? make("span", { className: "sold", textContent: this.t.sold_out })
          : null,
      );
      card.part = "card";
      if (result.url) {
        card.href = result.url;
        const opened = (event) => {
          if (event.button > 1) return; // a context menu
          const detail = {
            productId: result.product_id, title: result.title, url: result.url, rank,
            garmentClass: garment.garment_class, score: result.score, searchId: garment.search_id,
          };
          this.#count(garment.search_id, result.product_id, rank);
          // A shop with a router of its own prevents the event's default.
          if (!this.#tell("clicked", detail)) event.preventDefault();
        };
        card.addEventListener("click", opened);
        card.addEventListener("auxclick", opened); // the middle button: in another tab
      }
      return card;
    }

    #price({ price, regular_price: regular, currency }) {
      if (price === null) return null;
      const money = (amount) =>
        currency
          ? new Intl.NumberFormat(this.language, { style: "currency", currency }).format(amount)
          : new Intl.NumberFormat(this.language, { minimumFractionDigits: 2 }).format(amount);
      const line = make("span", { className: "price" }, money(price));
      if (regular !== null && regular > price) {
        line.append(make("span", { className: "unseen", textContent: ` ${this.t.was} ` }));
        line.append(make("s", { textContent: money(regular) }));
      }
      return line;
    }

    #showProblem({ status, message, name }) {
      if (name === "AbortError") return;
      const refused = status === 401 || status === 403;
      let said = this.t.offline;
      if (refused) said = this.t.refused;
      else if (status === 429 || status === 503) said = this.t.busy;
      else if (status >= 400 && status < 500) said = this.t.not_a_photo;
      console.warn(`apparel-search: ${message || name || "no answer"}`);
      this.#show({ said, again: !refused && said !== this.t.not_a_photo });
    }

    #show({ said, busy = false, again = false }) {
      this.said.textContent = said;
      this.dialog.setAttribute("aria-busy", String(busy));
      this.drop.classList.add("small");
      this.chooseText.textContent = this.t.another;
      this.again.hidden = !again;
      this.choices.hidden = this.list.hidden = true;
    }

    // Whether nobody prevented the event's default.
    #tell(name, detail) {
      const options = { detail, bubbles: true, composed: true, cancelable: true };
      return this.dispatchEvent(new CustomEvent(`apparel-${name}`, options));
    }

    #take(files) {
      const photo = [...files].find((file) => file.type.startsWith("image/"));
      if (photo) this.search(photo);
      else if (files.length) this.#show({ said: this.t.not_a_photo });
    }

    #draw() {
      this.t = TEXTS[this.language.slice(0, 2).toLowerCase()] || TEXTS.en;
      const { t } = this;
      this.buttonText = make("span", { textContent: this.getAttribute("label") || t.button });
      const open = make("button", { type: "button", className: "open" });
      open.innerHTML = CAMERA;
      open.append(this.buttonText);
      open.part = "button";
      open.setAttribute("aria-haspopup", "dialog");
      open.addEventListener("click", () => this.open());

      const close = make("button", { type: "button", className: "close", textContent: "×" });
      close.setAttribute("aria-label", t.close);
      close.addEventListener("click", () => this.close());
      const title = make("h2", { id: "title", textContent: t.title });

      this.canvas = make("canvas");
      this.canvas.setAttribute("aria-hidden", "true");
      this.chooseText = make("span", { textContent: t.choose });
      const input = make("input", { type: "file", accept: "image/*" });
      input.addEventListener("change", () => {
        this.#take(input.files);
        input.value = ""; // the same photo may be chosen again
      });
      const choose = make("label", { className: "choose" }, this.chooseText, input);
      this.drop = make("div", { className: "drop" }, this.canvas, choose,
        make("span", { className: "hint", textContent: t.hint }));

      this.said = make("p", { className: "said" });
      this.said.setAttribute("role", "status");
      this.again = make("button", { type: "button", className: "again", textContent: t.again, hidden: true });
      this.again.addEventListener("click", () => this.search(this.photo));
      this.choices = make("fieldset", { hidden: true });
      this.list = make("ul", { hidden: true });
      this.list.setAttribute("aria-label", t.results);

      const body = make("div", { className: "body" }, this.drop, this.said, this.again, this.choices, this.list);
      this.dialog = make("dialog", {}, make("header", {}, title, close), body);
      this.dialog.part = "drawer";
      this.dialog.setAttribute("aria-labelledby", "title");
      this.dialog.addEventListener("click", (event) => {
        if (event.target === this.dialog && event.clientX < this.dialog.getBoundingClientRect().left) this.close();
      });
      this.#takeDropsAndPastes();
      this.shadowRoot.append(open, this.dialog);
    }

    #takeDropsAndPastes() {
      const over = (is) => (event) => {
        event.preventDefault();
        this.drop.classList.toggle("over", is);
      };
      this.dialog.addEventListener("dragover", over(true));
      this.dialog.addEventListener("dragleave", over(false));
      this.dialog.addEventListener("drop", (event) => {
        over(false)(event);
        this.#take(event.dataTransfer.files);
      });
      this.dialog.addEventListener("paste", (event) => this.#take(event.clipboardData.files));
    }
  }

  if (!customElements.get("apparel-search")) customElements.define("apparel-search", ApparelSearch);
})();
