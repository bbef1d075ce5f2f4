// The form for a key, shown when the service asks for one.

import { byId } from "./dom.js";

/** Ask for a key; resolves to null when the person cancels. */
export function askKey(refused) {
  const dialog = byId("key-dialog");
  const input = byId("key-input");
  byId("key-words").textContent = refused
    ? "The key was not accepted. Check it and enter it again."
    : "Enter the key that you were given for it.";
  input.value = "";
  dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    const listening = new AbortController();
    const end = (key) => {
      listening.abort();
      dialog.close();
      input.value = "";
      resolve(key);
    };
    const { signal } = listening;
    byId("key-form").addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        // A header takes printable ASCII only; fetch would fail without saying why.
        const key = input.value.trim();
        input.setCustomValidity(/^[\x21-\x7e]+$/.test(key) ? "" : "Enter a key without spaces.");
        if (input.reportValidity()) end(key);
      },
      { signal },
    );
    input.addEventListener("input", () => input.setCustomValidity(""), { signal });
    byId("key-cancel").addEventListener("click", () => end(null), { signal });
    dialog.addEventListener("cancel", () => end(null), { signal });
  });
}
