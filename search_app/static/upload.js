// The box for a photo: sends what is chosen, dropped or pasted at once, and shows that it does.
// Other forms that take a while (data-busy) show it too.
"use strict";

function isAddress(text) {
  return /^https?:\/\/\S+$/i.test(text.trim());
}

function setUp(form) {
  const input = form.querySelector("input[name=photo]");
  const camera = form.querySelector("input[name=camera]");
  const address = form.querySelector("input[name=photo_url]");
  const state = form.querySelector("[data-state]");
  form.classList.add("has-script");
  for (const part of form.querySelectorAll("[data-with-script]")) part.hidden = false;
  for (const part of form.querySelectorAll("[data-without-script]")) part.hidden = true;

  const send = (chosen) => {
    const photo = chosen.files[0];
    if (!photo) return;
    if (photo.size > Number(form.dataset.maxBytes)) {
      state.textContent = form.dataset.tooLarge;
      chosen.value = "";
      return;
    }
    form.requestSubmit();
  };
  const take = (given) => {
    const photo = [...given.files].find((file) => file.type.startsWith("image/"));
    const text = given.getData("text/uri-list") || given.getData("text/plain");
    if (photo) {
      const one = new DataTransfer();
      one.items.add(photo);
      input.files = one.files;
      send(input);
    } else if (isAddress(text)) {
      address.value = text.trim().split(/\s/)[0];
      form.requestSubmit();
    } else {
      state.textContent = form.dataset.notAPhoto;
    }
  };

  for (const chosen of [input, camera]) chosen.addEventListener("change", () => send(chosen));
  form.addEventListener("submit", () => {
    const fetches = address.value && !input.files.length && !camera.files.length;
    state.textContent = fetches ? form.dataset.fetching : form.dataset.looking;
    form.classList.add("is-busy");
  });
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("is-over");
  });
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("is-over");
  });
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    take(event.dataTransfer);
  });
  return take;
}

const forms = [...document.querySelectorAll("[data-drop]")].map(setUp);

document.addEventListener("paste", (event) => {
  const intoField = event.target.closest("input, textarea");
  const pasted = event.clipboardData;
  if (!forms.length || !pasted || (intoField && !pasted.files.length)) return;
  if (pasted.files.length || isAddress(pasted.getData("text/plain"))) {
    event.preventDefault();
    forms[0](pasted);
  }
});

for (const form of document.querySelectorAll("[data-busy]")) {
  form.addEventListener("submit", () => {
    form.classList.add("is-busy");
    document.body.classList.add("is-searching");
    document.getElementById("said").textContent = form.dataset.busy;
    for (const state of document.querySelectorAll("[data-state]")) state.textContent = form.dataset.busy;
  });
}

// Coming back with the browser's button: nothing is busy any more.
window.addEventListener("pageshow", () => {
  document.body.classList.remove("is-searching");
  for (const form of document.querySelectorAll(".is-busy")) form.classList.remove("is-busy");
  for (const state of document.querySelectorAll("[data-state]")) state.textContent = "";
});
