// A file beside a text field: its text is read into the field. Without this script one pastes it.

/** What a form may have as it is sent, bytes. */
const FORM_BYTES_MAX = 256 * 1024;
/** What the other fields of a form need, bytes. */
const REST_BYTES = 4 * 1024;

/** How many bytes a text has when a form is sent. */
function sentBytes(text) {
  return new URLSearchParams([["", text.replaceAll(/\r?\n/g, "\r\n")]]).toString().length;
}

for (const place of document.querySelectorAll("[data-file]")) {
  const input = place.querySelector("input[type=file]");
  const wrong = place.querySelector(".wrong");
  const text = input.form?.elements.namedItem(place.dataset.file);
  if (!(text instanceof HTMLTextAreaElement)) continue;
  place.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    wrong.textContent = "";
    if (!file) return;
    const read = file.size > FORM_BYTES_MAX ? "" : await file.text();
    if (file.size > FORM_BYTES_MAX || sentBytes(read) > FORM_BYTES_MAX - REST_BYTES) {
      wrong.textContent = place.dataset.tooLarge;
      input.value = "";
      return;
    }
    text.value = read;
  });
}

// A document whose digest is asked for: the browser computes it, and the document stays where it is.
for (const place of document.querySelectorAll("[data-digest]")) {
  const input = place.querySelector("input[type=file]");
  const field = input.form?.elements.namedItem(place.dataset.digest);
  if (!(field instanceof HTMLInputElement) || !globalThis.crypto?.subtle) continue;
  place.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    field.value = `sha256:${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  });
}
