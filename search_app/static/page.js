// Makes the pages quicker to use; everything works without it. Results are swapped by htmx.
"use strict";

const said = document.getElementById("said");
const toast = document.getElementById("toast");

// Steering: a choice takes effect at once. A slider under arrow keys asks once it rests.
let resting = 0;
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-steer]");
  if (!form) return;
  clearTimeout(resting);
  resting = setTimeout(() => form.requestSubmit(), event.target.type === "range" ? 250 : 0);
});
// Enter in a changed field is a change and a submission: one search is enough.
document.addEventListener("submit", () => clearTimeout(resting), true);

// A menu closes when something else is clicked, and with Escape.
const closeMenus = (but) => {
  for (const menu of document.querySelectorAll(".facet[open]")) if (menu !== but) menu.open = false;
};
document.addEventListener("click", (event) => closeMenus(event.target.closest(".facet")));
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.activeElement.closest("details[open]");
  if (!open || open.id === "adjust") return;
  open.open = false;
  open.querySelector("summary").focus();
});

// A panel that opens at the foot of the column beside the results is seen.
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.matches(".tools > details"))
    event.target.scrollIntoView({ block: "nearest" });
}, true);

// Empty fields stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  const fields = event.detail.formData;
  for (const name of new Set(fields.keys())) {
    const given = fields.getAll(name).filter((value) => value !== "");
    fields.delete(name);
    for (const value of given) fields.append(name, value);
  }
});

// What is open stays open, and what is being typed stays typed, when results are swapped.
if (window.Idiomorph) {
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "open" && node.tagName === "DETAILS");
  Idiomorph.defaults.callbacks.beforeNodeRemoved = (node) => node.id !== "region-box";
}

// Busy, said aloud when it takes longer than a moment.
let slow = 0;
document.addEventListener("htmx:beforeRequest", () => {
  document.body.classList.add("is-searching");
  toast.textContent = "";
  clearTimeout(slow);
  slow = setTimeout(() => (said.textContent = document.body.dataset.searching), 800);
});
document.addEventListener("htmx:afterRequest", (event) => {
  clearTimeout(slow);
  document.body.classList.remove("is-searching");
  if (event.detail.successful) said.textContent = "";
});
document.addEventListener("htmx:afterSettle", () => {
  const found = document.querySelector("#results .section-head");
  if (found) said.textContent = found.innerText.replace(/\s+/g, " ");
});

// An error is shown as the page that the server made of it; no answer at all is said here.
document.addEventListener("htmx:responseError", (event) => {
  location.assign(event.detail.pathInfo.finalRequestPath);
});
document.addEventListener("htmx:sendError", () => {
  toast.textContent = document.body.dataset.unreachable;
  document.getElementById("steer")?.reset(); // what is shown was searched without the change
});

// A click on a result is counted for the shop's figures: of which search, which product, which
// place; nothing about the visitor. More results of a search belong to the same search.
let search = "";
const notedSearch = () => {
  search = document.querySelector("#results [data-search]")?.dataset.search ?? search;
};
notedSearch();
document.addEventListener("htmx:afterSettle", notedSearch);
const countClick = (event) => {
  const card = event.target.closest("#results .card");
  const link = event.target.closest('#results a[href^="/product/"]');
  if (!search || !card || !link || event.button > 1) return;
  const product_id = decodeURIComponent(link.pathname.slice("/product/".length));
  const position = 1 + [...card.parentElement.children].indexOf(card);
  const body = JSON.stringify({ search_id: search, event: "click", product_id, position });
  navigator.sendBeacon("/api/v1/events", new Blob([body], { type: "application/json" }));
};
document.addEventListener("click", countClick);
document.addEventListener("auxclick", countClick); // the middle button: in another tab
