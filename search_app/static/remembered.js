// Before the first paint: does this browser remember photos? Their row then has its place at once.
"use strict";

try {
  document.documentElement.classList.toggle("has-history", !!localStorage.getItem("apparel.photos"));
} catch {
  // Storage is forbidden: nothing is remembered.
}
