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

  const send = (chosen) => {
    const photos = [...chosen.files];
    if (!photos.length) return;
    if (photos.some((photo) => photo.size > Number(form.dataset.maxBytes))) {
      state.textContent = form.dataset.tooLarge;
      chosen.value = "";
      return;
    }
    form.requestSubmit();
  };
  const take = (given) => {
    const photos = [...given.files].filter((file) => file.type.startsWith("image/"));
    const text = given.getData("text/uri-list") || given.getData("text/plain");
    if (photos.length) {
      const all = new DataTransfer();
      for (const photo of photos) all.items.add(photo);
      input.files = all.files;
      send(input);
    } else if (isAddress(text)) {
      address.value = text.trim().split(/\s/)[0];
      form.requestSubmit();
    } else {
      state.textContent = form.dataset.notAPhoto;
    }
  };

  for (const chosen of [input, camera]) chosen.addEventListener("change", () => send(chosen));
  form.addEventListener("submit", (event) => {
    if (!navigator.onLine) {
      // A server on this machine answers all the same; else the page stays, with a word.
      event.preventDefault();
      const lost = () => (state.textContent = document.body.dataset.unreachable);
      fetch("/healthz").then(() => form.submit(), lost);
      return;
    }
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

// A page without the box has one that is not seen, for what is dropped or pasted.
function unseenBox() {
  const form = document.createElement("form");
  Object.assign(form, { action: "/search", method: "post", enctype: "multipart/form-data" });
  form.hidden = true;
  form.innerHTML =
    '<input type="file" name="photo" multiple><input type="file" name="camera">' +
    '<input name="photo_url"><p data-state></p>';
  document.body.append(form);
  form.addEventListener("submit", () => document.body.classList.add("is-searching"));
  return form;
}

const boxes = [...document.querySelectorAll("[data-drop]")];
if (!boxes.length && !document.querySelector("input[type=file]")) boxes.push(unseenBox());
const forms = boxes.map(setUp);

// A photo dropped beside the box is meant for it.
document.addEventListener("dragover", (event) => {
  if (!forms.length || !event.dataTransfer || !event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  document.body.classList.add("is-dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("is-dropping");
});
document.addEventListener("drop", (event) => {
  document.body.classList.remove("is-dropping");
  if (event.defaultPrevented || !forms.length || !event.dataTransfer.files.length) return;
  event.preventDefault();
  const closed = document.getElementById("again");
  if (closed) closed.open = true;
  forms[0](event.dataTransfer);
});

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
    for (const state of form.querySelectorAll("[data-state]")) state.textContent = form.dataset.busy;
  });
}

// Coming back with the browser's button: nothing is busy any more.
window.addEventListener("pageshow", () => {
  document.body.classList.remove("is-searching");
  for (const form of document.querySelectorAll(".is-busy")) form.classList.remove("is-busy");
  for (const state of document.querySelectorAll("[data-state]")) state.textContent = "";
});
