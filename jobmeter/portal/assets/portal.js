// What forms and pages do not need, and what saves a step: nothing here is the only way to something.

// Moments are in UTC; the browser's own time is written beside them where the server does not know it.
if ("local" in document.body.dataset) {
  for (const time of document.querySelectorAll("main time[datetime*='T']")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf()) && at.getTimezoneOffset() !== 0) {
      const local = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
      time.insertAdjacentText("afterend", ` (${local.format(at)})`);
    }
  }
}

// A page that stays open says before its session ends; one that arrives late, or is shown again, says it at once.
for (const note of document.querySelectorAll("[data-ends]")) {
  const left = Date.parse(note.dataset.ends) - note.dataset.minutes * 60_000 - Date.now();
  if (left < 2 ** 31) setTimeout(() => { note.hidden = false; }, left);
}

// The summary of what is wrong with a form is read first.
document.querySelector(".problem[role=alert]")?.focus();

// A choice is sent at once: its button is needed without script only.
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.form.querySelector("button").hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit());
}

// <button data-copy="id of the text" hidden>: shown where copying works.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.setAttribute("aria-pressed", "true");
  });
}

// <form data-changes>: leaving it changed and unsent is asked about, by the browser in its own words.
for (const form of document.querySelectorAll("form[data-changes]")) {
  let isChanged = false;
  form.addEventListener("input", () => { isChanged = true; });
  form.addEventListener("submit", () => { isChanged = false; });
  window.addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });
}

// <form data-passkey="create" or "get" data-options="JSON of the server" hidden> with a hidden field `credential`.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const isNew = form.dataset.passkey === "create";
  const parse = window.PublicKeyCredential?.[isNew ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
  form.hidden = !parse;
  form.addEventListener("submit", async (event) => {
    const field = form.elements.namedItem("credential");
    if (field.value) return;
    event.preventDefault();
    const publicKey = parse.call(window.PublicKeyCredential, JSON.parse(form.dataset.options));
    try {
      const credential = await navigator.credentials[isNew ? "create" : "get"]({ publicKey });
      field.value = JSON.stringify(credential.toJSON());
      form.requestSubmit();
    } catch {
      form.querySelector("[data-failed]").hidden = false;
    }
  });
}
