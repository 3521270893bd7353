// What is live: the node says when the ledger grows, and what a page marks as live is asked for again. Without this
// script every page works, and shows what was true when it was opened.

const status = document.getElementById("live");

/** Says in the footer whether the view is live. */
function say(isOn) {
  document.documentElement.dataset.live = isOn ? "on" : "off";
  if (status) status.textContent = isOn ? status.dataset.on : status.dataset.off;
}

/** Puts what the node shows now in the place of what it showed before, unless the reader is working in it. */
async function renew(section) {
  if (section.contains(document.activeElement) && document.activeElement !== section) return;
  const answer = await fetch(section.dataset.live || location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(section.id);
  if (fresh) section.replaceChildren(...fresh.childNodes);
}

/** One renewal at a time, and one more if the ledger grew meanwhile. */
let isRenewing = false;
let isStale = false;
async function renewAll() {
  isStale = true;
  if (isRenewing) return;
  isRenewing = true;
  while (isStale) {
    isStale = false;
    try {
      for (const section of document.querySelectorAll("[data-live][id]")) await renew(section);
    } catch {
      // The connection is lost; the event source says so and comes back.
    }
  }
  isRenewing = false;
}

function listen() {
  const events = new EventSource("/v1/events");
  let wasLost = false;
  events.addEventListener("open", () => {
    say(true);
    if (wasLost) renewAll();
    wasLost = false;
  });
  events.addEventListener("error", () => {
    say(false);
    wasLost = true;
    // The browser comes back by itself, but not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
  events.addEventListener("checkpoint", (event) => {
    const { height, size } = JSON.parse(event.data);
    for (const [name, value] of Object.entries({ height, size })) {
      for (const place of document.querySelectorAll(`[data-now="${name}"]`)) {
        place.textContent = Number(value).toLocaleString(document.documentElement.lang);
      }
    }
    renewAll();
  });
}

listen();

/** Says beside a button that the node is at work, and for how long: how much is left is not known before the answer. */
function working(button) {
  const [place, bar, words, seconds] = ["p", "progress", "span", "span"].map((name) => document.createElement(name));
  const began = Date.now();
  place.className = "working";
  words.setAttribute("role", "status");
  words.textContent = status?.dataset.working ?? "";
  bar.setAttribute("aria-label", words.textContent);
  // A screen reader hears once that there is work, not every second.
  seconds.setAttribute("aria-hidden", "true");
  const tell = () => (seconds.textContent = Math.round((Date.now() - began) / 1000).toLocaleString(document.documentElement.lang));
  tell();
  place.append(bar, " ", words, seconds);
  button.after(place);
  return setInterval(tell, 1000);
}

// A form that is on its way is not sent again, and says so; one that takes long says that it goes on.
let clocks = [];
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!(button instanceof HTMLButtonElement)) return;
  queueMicrotask(() => {
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
  });
  clocks.push(setTimeout(() => clocks.push(working(button)), 1000));
});
// A page from the browser's memory has its buttons again.
addEventListener("pageshow", () => {
  for (const clock of clocks) clearInterval(clock);
  clocks = [];
  for (const place of document.querySelectorAll(".working")) place.remove();
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});

// What is wrong with a form is read first.
document.querySelector("[data-focus]")?.focus();
