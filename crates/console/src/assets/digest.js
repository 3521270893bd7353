// The digest of a file, computed where it lies: nothing of the file is sent. Without this script one types the digest.

for (const place of document.querySelectorAll("[data-digest]")) {
  const input = place.querySelector("input[type=file]");
  const status = place.querySelector("[role=status]");
  const target = document.getElementById(place.dataset.digest);
  // Browsers compute digests on pages of this machine and of HTTPS only.
  if (!input || !target || !globalThis.crypto?.subtle) continue;
  const hint = status.textContent;
  place.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    status.textContent = place.dataset.busy;
    try {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      target.value = "sha256:" + Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      status.textContent = hint;
    } catch {
      status.textContent = place.dataset.failed;
    }
  });
}
