// A shop's analytics: here a list on the page, elsewhere a call of dataLayer.push or the like.
"use strict";

const heard = document.getElementById("heard");
for (const name of ["apparel-opened", "apparel-searched", "apparel-clicked"]) {
  document.addEventListener(name, (event) => {
    const line = document.createElement("li");
    line.textContent = `${name} ${JSON.stringify(event.detail)}`;
    heard.append(line);
  });
}
