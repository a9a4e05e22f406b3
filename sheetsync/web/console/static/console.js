/* Progress of a run, and forms that are not sent twice. Everything here also works without it. */
"use strict";

const EVERY_MS = 1000;
const ALOUD_EVERY_MS = 10000;

/** Ask for a run's progress until it ends, then show its results. */
async function follow(place) {
  const bar = place.querySelector("progress");
  const words = place.querySelector("[data-words]");
  const aloud = place.querySelector("[data-aloud]");
  let spoken = Date.now();
  for (;;) {
    await new Promise((go) => setTimeout(go, document.hidden ? 5 * EVERY_MS : EVERY_MS));
    let now;
    try {
      const reply = await fetch(place.dataset.progress, { credentials: "same-origin" });
      if (reply.status === 401) return location.reload();
      if (!reply.ok) throw new Error(String(reply.status));
      now = await reply.json();
    } catch {
      words.textContent = "The service does not answer. The run goes on there; this page asks again.";
      continue;
    }
    if (now.ended) {
      aloud.textContent = "The run has ended: " + now.label;
      return location.reload();
    }
    if (now.percent === null) bar.removeAttribute("value");
    else bar.value = now.percent;
    words.textContent = now.words + (now.stopping ? " Stopping." : "");
    if (Date.now() - spoken > ALOUD_EVERY_MS) {
      spoken = Date.now();
      aloud.textContent = now.words;
    }
  }
}

for (const place of document.querySelectorAll("[data-progress]")) follow(place);

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}

/* back from another page: forms may be sent again */
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});
