// Small conveniences. Every page works without this file; nothing is decided here.
(() => {
  "use strict";

  // Countdowns. The server's own instant (data-now) sets the offset, so a wrong clock on this machine counts right.
  const two = (n) => String(n).padStart(2, "0");
  const words = (ms) => {
    const s = Math.floor(ms / 1000);
    const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
    const days = d ? `${d}\u00a0${d === 1 ? "day" : "days"} ` : "";
    return `${days}${two(h)}\u00a0h ${two(m)}\u00a0min ${two(s % 60)}\u00a0s left`;
  };
  const loaded = Date.now();
  const clocks = [...document.querySelectorAll("time[data-countdown]")].map((el) => ({
    el,
    end: Date.parse(el.dataset.countdown),
    started: Date.parse(el.dataset.started),
    ring: el.parentElement.querySelector(".dial__left"),
    offset: el.dataset.now ? Date.parse(el.dataset.now) - loaded : 0,
  }));
  const tick = () => {
    for (const { el, end, started, ring, offset } of clocks) {
      const left = end - (Date.now() + offset);
      el.textContent = left >= 0 ? words(left) : el.dataset.ended || "The time is up";
      ring?.setAttribute("stroke-dasharray", `${Math.max(0, Math.min(100, (100 * left) / (end - started)))} 100`);
      el.closest("[hidden]")?.removeAttribute("hidden");
    }
  };
  if (clocks.length) {
    tick();
    setInterval(tick, 1000);
  }

  // A form is sent once: the server is safe against twice anyway, this spares the person the doubt. After ten seconds,
  // or when the page is shown again, it may be sent again.
  const free = (form) => {
    delete form.dataset.sending;
    for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented || "again" in form.dataset) return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "yes";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
    setTimeout(free, 10000, form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(free));

  // "/" goes to the search box of the back office, unless somebody is writing.
  const box = document.querySelector("input[data-slash]");
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    if (!box || event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // Print buttons.
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // "Select all" of a staff table: the checkboxes named by data-select-all in the same table.
  for (const all of document.querySelectorAll("input[data-select-all]")) {
    const boxes = [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")].filter(
      (box) => box.name === all.dataset.selectAll,
    );
    const show = () => {
      const on = boxes.filter((box) => box.checked).length;
      all.checked = on > 0 && on === boxes.length;
      all.indeterminate = on > 0 && on < boxes.length;
    };
    all.closest("label").hidden = false;
    all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
    boxes.forEach((box) => box.addEventListener("change", show));
    show();
  }

  // After a refused form the summary of errors is read first, after anything else that was done what was said of it.
  (document.querySelector(".error-summary[data-focus]") ?? document.querySelector("[data-focus]"))?.focus();
})();
