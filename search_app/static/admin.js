// Makes the admin pages quicker to use; everything works without it.
"use strict";

document.addEventListener("change", (event) => {
  const form = event.target.closest(".list-form");
  if (!form) return;
  const entries = [...form.querySelectorAll("input[name=finding], input[name=product]")];
  const all = form.querySelector("[data-select-all]");
  if (event.target === all) for (const each of entries) each.checked = all.checked;
  all.checked = entries.every((each) => each.checked);
  all.indeterminate = !all.checked && entries.some((each) => each.checked);
});
