// Hours and procedures while the line is down: what is entered in the open page waits in this browser, each entry under a
// key of its own, and is sent when the line is back. The server takes the same key as the same entry, so that sending
// twice counts once. What waits belongs to one account and is never sent by another. No location is asked or stored.
(() => {
  "use strict";

  const place = document.querySelector("[data-kept]");
  if (!place) return;
  const { person, name, zone } = place.dataset;
  const SHELF = `fieldwork:${person}`;
  const AGAIN = 20000;
  const PATIENCE = 20000;
  const ahead = Date.parse(place.dataset.now) - Date.now(); // this machine's clock may be wrong; the server's counts

  const read = () => JSON.parse(localStorage.getItem(SHELF) ?? "[]");
  const write = (entries) => {
    if (entries.length) localStorage.setItem(SHELF, JSON.stringify(entries));
    else localStorage.removeItem(SHELF);
  };
  const put = (entry) => write([...read().filter((one) => one.id !== entry.id), entry]);
  const drop = (id) => write(read().filter((one) => one.id !== id));
  try {
    read();
    localStorage.setItem(`${SHELF}?`, "");
    localStorage.removeItem(`${SHELF}?`);
  } catch {
    return; // this browser keeps nothing: the forms go to the server as they would without this file
  }

  const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const now = () => new Date(Date.now() + ahead);
  const clock = (at) => new Date(at).toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit", timeZone: zone });
  const told = place.querySelector("[data-kept-told]");
  const list = place.querySelector("[data-kept-list]");
  const form = (kind) => document.querySelector(`form[data-keep="${kind}"]`);
  const said = document.querySelector("[data-said]");
  const refusals = new Map();
  let trouble = "";
  let busy = false;

  // Who is clocked in, as far as the server knows and as what waits here will change it.
  const running = () => {
    let found = document.querySelector("[data-live=clock]")?.dataset.running ?? "";
    let since = "";
    for (const one of read().filter((each) => !each.refused)) {
      if (one.kind === "in") [found, since] = [one.fields.client_key, one.at];
      if (one.kind === "out" && one.fields.client_key === found) [found, since] = ["", ""];
    }
    return { found, since };
  };

  const showClock = () => {
    const [come, leave] = [form("in"), form("out")];
    if (!come || !leave) return;
    const { found, since } = running();
    const kept = read().some((one) => one.kind === "in" || one.kind === "out");
    if (kept) {
      come.hidden = Boolean(found);
      leave.hidden = !found;
      document.getElementById("clock").textContent = found ? "You are clocked in" : "Clock in";
      for (const one of document.querySelectorAll("[data-server-only]")) one.hidden = true;
      if (since) leave.querySelector("[data-since]").textContent = `Since ${clock(since)}, waiting to be sent.`;
    }
    if (found) leave.elements.client_key.value = found;
  };

  const button = (words, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button--quiet";
    made.textContent = words;
    made.addEventListener("click", action);
    return made;
  };

  const putBack = (one) => {
    const target = form(one.kind);
    if (!target) {
      location.assign(one.page);
      return;
    }
    for (const [field, value] of Object.entries(one.fields)) {
      const input = target.elements[field];
      if (input && !["csrf_token", "placement", "client_key", "at"].includes(field)) input.value = value;
    }
    drop(one.id);
    show();
    target.closest("details")?.setAttribute("open", "");
    target.hidden = false;
    target.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };

  const show = () => {
    const entries = read();
    place.hidden = !entries.length;
    list.replaceChildren(
      ...entries.map((one) => {
        const item = document.createElement("li");
        const words = document.createElement("span");
        words.textContent = one.words;
        item.append(words);
        if (one.refused) {
          const why = document.createElement("p");
          why.className = "field__error";
          why.textContent = one.refused;
          item.append(why, button("Put it back into the form", () => putBack(one)), button("Throw it away", () => { drop(one.id); show(); }));
        }
        return item;
      }),
    );
    const waiting = entries.filter((one) => !one.refused).length;
    const many = waiting === 1 ? "1 entry waits" : `${waiting} entries wait`;
    const sentence = waiting ? `${many} in this browser. ${trouble || "Being sent."}` : entries.length ? "This could not be entered as it is:" : "";
    if (told.textContent !== sentence) told.textContent = sentence;
    showClock();
  };

  const page = async (url, options = {}) => {
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { answer, parsed, path: new URL(answer.url).pathname };
  };

  // The page as it is now: whether we are still signed in as the same person, and a token that the server takes.
  const look = async () => {
    const { answer, parsed, path } = await page(location.pathname + location.search);
    const whose = parsed.querySelector("[data-kept]")?.dataset.person;
    if (answer.status >= 500) throw new Error("away");
    if (path !== location.pathname) return { lost: `You are signed out. Sign in again as ${name}; what waits is kept until then.` };
    if (whose !== person) return { lost: `Somebody else is signed in here. What waits is kept until ${name} signs in again.` };
    return { token: parsed.querySelector("input[name=csrf_token]").value };
  };

  const sentences = (parsed) =>
    [...parsed.querySelectorAll(".error-summary li")].map((item) => item.textContent.trim()).join(" ") ||
    parsed.querySelector("main p")?.textContent.trim() ||
    "The school did not take this entry.";

  // What the server says now takes the place of what stood here; what somebody is typing is left alone.
  const renew = (parsed, path) => {
    if (path === location.pathname) {
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = parsed.querySelector(`[data-live="${part.dataset.live}"]`);
        if (fresh && !part.contains(document.activeElement?.closest("input, textarea, select"))) part.replaceWith(document.adoptNode(fresh));
      }
    }
    const news = parsed.querySelector(".said");
    said.replaceChildren(...(news ? [document.adoptNode(news)] : []));
  };

  const sendOne = async (one, token) => {
    const body = new URLSearchParams({ ...one.fields, csrf_token: token });
    const { answer, parsed, path } = await page(one.action, { method: "POST", body });
    if (answer.status >= 500 || answer.status === 429) throw new Error("away");
    if (path === "/sign-in") throw new Error("signed out");
    if (answer.ok) {
      drop(one.id);
      renew(parsed, path);
      return;
    }
    refusals.set(one.id, parsed.querySelector(".error-summary"));
    put({ ...one, refused: sentences(parsed) });
  };

  const flush = async () => {
    if (busy || !read().some((one) => !one.refused)) return;
    busy = true;
    try {
      const { token, lost } = await look();
      trouble = lost ?? "";
      if (lost) return;
      let one;
      while ((one = read().find((each) => !each.refused))) await sendOne(one, token); // also what came meanwhile
    } catch {
      trouble = "There is no connection to the school just now. We go on trying.";
    } finally {
      busy = false;
      show();
    }
  };

  const visible = (target) => [...target.elements].filter((one) => one.name && one.type !== "hidden" && one.type !== "submit" && one.value);
  // What stands in a field, as people say it; a bare number says what it counts.
  const spoken = (one) => {
    if (one.tagName === "SELECT") return one.selectedOptions[0].textContent;
    if (one.type === "date") return new Date(one.value).toLocaleDateString("en-US", { dateStyle: "long", timeZone: "UTC" });
    if (one.type === "time") return new Date(`1970-01-01T${one.value}Z`).toLocaleTimeString("en-US", { timeStyle: "short", timeZone: "UTC" });
    return /^\d+$/.test(one.value) && one.labels.length ? `${one.labels[0].firstChild.textContent.trim()}: ${one.value}` : one.value;
  };
  const words = (target, at) => {
    const timed = target.dataset.keep === "in" || target.dataset.keep === "out";
    return [target.dataset.words, ...(timed ? [clock(at)] : []), ...visible(target).map(spoken)].join(" · ");
  };

  // After an entry is on its way the form is as empty as at first, with a new key.
  const empty = (target) => {
    for (const one of visible(target)) {
      if (!["day_on", "placement"].includes(one.name)) one.value = one.tagName === "SELECT" ? "" : one.defaultValue;
    }
    if (target.dataset.keep !== "out") target.elements.client_key.value = key();
  };

  document.addEventListener(
    "submit",
    async (event) => {
      const target = event.target;
      if (!target.dataset.keep) return;
      if (!target.checkValidity()) {
        if (navigator.onLine) return; // the server's sentences say more
        event.preventDefault();
        target.reportValidity();
        return;
      }
      event.preventDefault();
      if (busy && target.dataset.pressed) return;
      target.dataset.pressed = "yes";
      const at = now().toISOString();
      const fields = Object.fromEntries([...new FormData(target)].filter(([field, value]) => field !== "csrf_token" && value !== ""));
      if ("at" in target.elements) fields.at = at;
      const one = { id: key(), kind: target.dataset.keep, action: target.action, page: location.pathname, fields, at, words: words(target, at) };
      put(one);
      trouble = "";
      show();
      await flush();
      delete target.dataset.pressed;
      const summary = refusals.get(one.id);
      if (summary) {
        drop(one.id); // it still stands in the form
        said.replaceChildren(document.adoptNode(summary));
        summary.focus();
      } else if (!read().some((each) => each.id === one.id && each.refused)) {
        empty(target);
      }
      show();
    },
    true,
  );

  const anew = () => {
    trouble = "";
    show();
    flush();
  };
  place.querySelector("[data-kept-send]").addEventListener("click", anew);
  window.addEventListener("online", anew);
  window.addEventListener("storage", show);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
  setInterval(flush, AGAIN);
  show();
  flush();
})();
