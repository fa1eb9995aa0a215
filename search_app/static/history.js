// What this browser remembers, and no server: the visitor's last query photos, and the products
// that were looked at. Both are in localStorage until they are forgotten.
"use strict";

const PHOTOS = "apparel.photos";
const PRODUCTS = "apparel.products";
const MOST_PHOTOS = 6;
const MOST_PRODUCTS = 8;
const LONG_SIDE = 640;

// Storage may be full or forbidden: then nothing is remembered.
function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || [];
  } catch {
    return [];
  }
}

function remember(name, items) {
  try {
    if (items.length) localStorage.setItem(name, JSON.stringify(items));
    else localStorage.removeItem(name);
  } catch {
    localStorage.removeItem(name);
  }
}

// Photos are drawn, not shown as pictures: the page's policy allows pictures of the server alone.
async function draw(canvas, source, longSide) {
  const bitmap = await createImageBitmap(source);
  const scale = Math.min(1, longSide / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function jpegOf(item) {
  const bytes = Uint8Array.from(atob(item.jpeg), (letter) => letter.charCodeAt(0));
  return new File([bytes], "photo.jpg", { type: "image/jpeg" });
}

async function rememberPhoto(shown) {
  const token = shown.dataset.queryPhoto;
  const others = remembered(PHOTOS).filter((item) => item.token !== token);
  const known = remembered(PHOTOS).find((item) => item.token === token);
  const answer = known ? null : await fetch(`/q/${token}/photo.jpg`);
  if (answer && !answer.ok) return;
  const canvas = answer && (await draw(document.createElement("canvas"), await answer.blob(), LONG_SIDE));
  const item = known || { token, jpeg: canvas.toDataURL("image/jpeg", 0.85).split(",")[1] };
  const different = others.filter((each) => each.jpeg !== item.jpeg); // sent twice, shown once
  remember(PHOTOS, [item, ...different].slice(0, MOST_PHOTOS));
}

// The server forgets a photo after a while; then it is sent again.
async function searchAgain(item) {
  const kept = await fetch(`/q/${item.token}/photo.jpg`, { method: "HEAD" });
  if (kept.ok) {
    location.assign(`/q/${item.token}`);
    return;
  }
  remember(PHOTOS, remembered(PHOTOS).filter((each) => each.token !== item.token));
  const given = new DataTransfer();
  given.items.add(jpegOf(item));
  const form = document.querySelector("[data-drop]");
  form.querySelector("input[name=photo]").files = given.files;
  form.requestSubmit();
}

function forgetPhoto(token) {
  return fetch(`/q/${token}/forget`, { method: "POST", redirect: "manual" });
}

function showPhotos(section) {
  const row = section.querySelector("[data-items]");
  const pattern = section.querySelector("template");
  const current = document.querySelector("[data-query-photo]")?.dataset.queryPhoto;
  const items = remembered(PHOTOS).filter((item) => item.token !== current);
  row.replaceChildren();
  items.forEach((item, place) => {
    const button = pattern.content.cloneNode(true).querySelector("button");
    button.setAttribute("aria-label", `${button.getAttribute("aria-label")} ${place + 1}`);
    button.addEventListener("click", () => searchAgain(item));
    draw(button.querySelector("canvas"), jpegOf(item), 300);
    row.append(button);
  });
  const show = (shown) => {
    section.hidden = !shown;
    document.documentElement.classList.toggle("has-history", shown);
  };
  show(items.length > 0);
  section.querySelector("[data-forget]").onclick = async () => {
    const tokens = remembered(PHOTOS).map((item) => item.token);
    remember(PHOTOS, []);
    show(false);
    await Promise.allSettled(tokens.map(forgetPhoto));
    if (current) location.assign("/");
  };
}

function showProducts(section) {
  const { href, title, photo } = section.dataset;
  const others = remembered(PRODUCTS).filter((item) => item.href !== href);
  const row = section.querySelector("[data-items]");
  for (const item of others) {
    const card = section.querySelector("template").content.cloneNode(true).querySelector("li");
    card.querySelector("a").href = item.href;
    card.querySelector("img").src = item.photo;
    card.querySelector("img").addEventListener("error", () => card.remove());
    card.querySelector(".card-title").textContent = item.title;
    row.append(card);
  }
  section.hidden = !others.length;
  section.querySelector("[data-forget]").onclick = () => {
    remember(PRODUCTS, []);
    section.hidden = true;
  };
  remember(PRODUCTS, [{ href, title, photo }, ...others].slice(0, MOST_PRODUCTS));
}

const queryPhoto = document.querySelector("[data-query-photo]");
if (queryPhoto) rememberPhoto(queryPhoto).catch(() => {});
for (const section of document.querySelectorAll("[data-history]")) showPhotos(section);
for (const section of document.querySelectorAll("[data-viewed]")) showProducts(section);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.forget")) return;
  const token = event.target.action.split("/").at(-2);
  remember(PHOTOS, remembered(PHOTOS).filter((item) => item.token !== token));
});
