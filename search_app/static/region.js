// A region on the photo: dragged, or moved with the arrow keys. The numbers of its form are the
// truth; without this file they are typed.
"use strict";

const EDGES = ["left", "top", "right", "bottom"];
const CORNERS = [["left", "top"], ["right", "top"], ["left", "bottom"], ["right", "bottom"]];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function bounded(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

// Looked up anew each time: htmx swaps the form and the photo's surroundings.
const parts = () => ({
  form: document.querySelector("[data-region]"),
  stage: document.querySelector("[data-region-stage]"),
  panel: document.getElementById("adjust"),
});

function edges(form) {
  return EDGES.map((name) => Number(form.elements[name].value));
}

function setEdges(form, [left, top, right, bottom]) {
  const values = [Math.min(left, right), Math.min(top, bottom), Math.max(left, right), Math.max(top, bottom)];
  EDGES.forEach((name, place) => (form.elements[name].value = bounded(Math.round(values[place]), 0, 100)));
  show();
}

function makeBox(form) {
  const box = document.createElement("button");
  box.type = "button";
  box.id = "region-box";
  box.className = "region-box";
  box.setAttribute("aria-label", form.dataset.boxLabel);
  for (const [across, down] of CORNERS) {
    const handle = document.createElement("span");
    handle.className = `handle handle-${across} handle-${down}`;
    handle.dataset.corner = `${across} ${down}`;
    box.append(handle);
  }
  box.addEventListener("keydown", nudge);
  return box;
}

// The box lies on the photo while the panel is open.
function show() {
  const { form, stage, panel } = parts();
  if (!form || !stage) return;
  stage.classList.toggle("is-drawing", panel.open);
  let box = document.getElementById("region-box");
  if (!box) {
    box = makeBox(form);
    stage.append(box);
  }
  box.hidden = !panel.open;
  const [left, top, right, bottom] = edges(form);
  Object.assign(box.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
}

function nudge(event) {
  const { form } = parts();
  if (event.key === "Enter") {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  const arrow = ARROWS[event.key];
  if (!arrow) return;
  event.preventDefault();
  const [x, y] = arrow;
  const [left, top, right, bottom] = edges(form);
  if (event.shiftKey) {
    setEdges(form, [left, top, bounded(right + x, left + 1, 100), bounded(bottom + y, top + 1, 100)]);
  } else {
    const across = bounded(x, -left, 100 - right);
    const down = bounded(y, -top, 100 - bottom);
    setEdges(form, [left + across, top + down, right + across, bottom + down]);
  }
}

// Pointer: a corner is pulled, the box is moved, anywhere else a new box begins.
let drag = null;

document.addEventListener("pointerdown", (event) => {
  const { form, stage, panel } = parts();
  if (!form || !panel.open || event.button !== 0 || !stage.contains(event.target)) return;
  event.preventDefault();
  const frame = stage.getBoundingClientRect();
  const point = (at) => [
    bounded((100 * (at.clientX - frame.left)) / frame.width, 0, 100),
    bounded((100 * (at.clientY - frame.top)) / frame.height, 0, 100),
  ];
  const start = point(event);
  const [left, top, right, bottom] = edges(form);
  const corner = event.target.dataset.corner;
  if (corner) {
    const [across, down] = corner.split(" ");
    const fixed = [across === "left" ? right : left, down === "top" ? bottom : top];
    drag = (x, y) => setEdges(form, [...fixed, x, y]);
  } else if (event.target.id === "region-box") {
    drag = (x, y) => {
      const across = bounded(x - start[0], -left, 100 - right);
      const down = bounded(y - start[1], -top, 100 - bottom);
      setEdges(form, [left + across, top + down, right + across, bottom + down]);
    };
  } else {
    drag = (x, y) => setEdges(form, [...start, x, y]);
  }
  drag.point = point;
  drag.moved = false;
  stage.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.moved = true;
  drag(...drag.point(event));
});

document.addEventListener("pointerup", () => {
  const { form } = parts();
  const moved = drag && drag.moved;
  drag = null;
  const [left, top, right, bottom] = moved ? edges(form) : [0, 0, 0, 0];
  // A twitch of the finger is no region.
  if (right - left >= 2 && bottom - top >= 2) form.requestSubmit();
});
document.addEventListener("pointercancel", () => (drag = null));

// A click on an outline chooses the garment, except while a region is drawn over it.
document.addEventListener("click", (event) => {
  const { stage, panel } = parts();
  if (!stage || !panel.open || !stage.contains(event.target)) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("toggle", (event) => event.target.id === "adjust" && show(), true);
document.addEventListener("input", (event) => event.target.closest("[data-region]") && show());
document.addEventListener("htmx:afterSettle", show);
show();
