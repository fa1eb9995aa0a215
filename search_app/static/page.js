// Makes the page quicker to use; everything works without it.
"use strict";

// Upload: send as soon as a photo is chosen, dropped or pasted.
for (const form of document.querySelectorAll("[data-drop]")) {
  const input = form.querySelector("input[type=file]");
  const state = form.querySelector("[data-state]");
  const limit = Number(form.dataset.maxBytes);
  form.classList.add("has-script");
  for (const hint of form.querySelectorAll("[data-with-script]")) hint.hidden = false;

  const send = () => {
    const photo = input.files[0];
    if (!photo) return;
    if (photo.size > limit) {
      state.textContent = `This file has ${Math.ceil(photo.size / 1e6)} MB, the limit is ${Math.floor(limit / 1e6)} MB: save it smaller.`;
      input.value = "";
      return;
    }
    form.requestSubmit();
  };
  const take = (files) => {
    const photo = [...files].find((file) => file.type.startsWith("image/"));
    if (!photo) {
      state.textContent = "That is not a photo: use JPEG, PNG or WebP.";
      return;
    }
    const one = new DataTransfer();
    one.items.add(photo);
    input.files = one.files;
    send();
  };

  input.addEventListener("change", send);
  form.addEventListener("submit", () => {
    state.textContent = "Looking at your photo…";
    form.classList.add("is-busy");
  });
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("is-over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("is-over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData && event.clipboardData.files.length) take(event.clipboardData.files);
  });
}

for (const form of document.querySelectorAll("[data-busy]")) {
  form.addEventListener("submit", () => form.classList.add("is-busy"));
}

// Steering: a choice takes effect at once; empty fields stay out of the address.
for (const form of document.querySelectorAll("[data-steer]")) {
  form.classList.add("has-script");
  form.addEventListener("change", () => form.requestSubmit());
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
  });
}

// Coming back with the browser's button: nothing is busy any more.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll(".is-busy")) form.classList.remove("is-busy");
  for (const field of document.querySelectorAll("[data-steer] :disabled")) field.disabled = false;
  for (const state of document.querySelectorAll("[data-state]")) state.textContent = "";
});
