// Paying by card. The card fields are the payment service's own (Stripe.js): nothing typed into them ever comes to the
// school. The server is safe against everything being sent twice; what is disabled here only spares the person the doubt.
(() => {
  "use strict";

  const PATIENCE = 30000;
  const LOST = "The line broke, so nothing was taken. Try again in a moment.";
  const MISSING = "The card fields could not be loaded. Reload the page, or pay in another way.";
  const STALE = "This page was open too long, so nothing was taken. Reload the page and try again.";

  // What happens on one form: at most one thing at a time, said to eyes and to screen readers.
  const worker = (form) => {
    const told = form.parentElement.querySelector("[data-told]");
    const doing = form.querySelector("[data-doing]");
    const button = form.querySelector("button[type=submit]");
    let timer;
    const free = () => {
      clearTimeout(timer);
      delete form.dataset.working;
      button.removeAttribute("aria-disabled");
      doing.textContent = "";
    };
    return {
      free,
      begin(words) {
        if (form.dataset.working) return false;
        form.dataset.working = "yes";
        button.setAttribute("aria-disabled", "true");
        doing.textContent = words;
        told.hidden = true;
        return true;
      },
      say(sentence) {
        told.querySelector("[data-told-text]").textContent = sentence ?? "";
        told.hidden = !sentence;
      },
      fail(sentence) {
        free();
        this.say(sentence);
        told.focus();
      },
      send() {
        timer = setTimeout(free, PATIENCE);
        HTMLFormElement.prototype.submit.call(form);
      },
    };
  };

  const service = (key) => (typeof window.Stripe === "function" ? window.Stripe(key) : null);

  // Their fields stand in a frame that knows nothing of our style sheet.
  const look = () => {
    const of = getComputedStyle(document.documentElement);
    const color = (name) => of.getPropertyValue(name).trim();
    return {
      base: {
        color: color("--ink"),
        iconColor: color("--soft"),
        fontFamily: "system-ui, sans-serif",
        fontSize: "17px",
        "::placeholder": { color: color("--soft") },
      },
      invalid: { color: color("--bad"), iconColor: color("--bad") },
    };
  };

  const ask = async (form) => {
    const body = new URLSearchParams(form.dataset.step ? { step: form.dataset.step } : {});
    const headers = { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" };
    const stop = AbortSignal.timeout(PATIENCE);
    let answer;
    try {
      answer = await fetch(form.dataset.setup, { method: "POST", body, headers, signal: stop, redirect: "error" });
    } catch {
      throw new Error(LOST);
    }
    const found = await answer.json().catch(() => null);
    if (!answer.ok || !found) throw new Error(found?.error ?? STALE);
    return found;
  };

  const pay = (form) => {
    const work = worker(form);
    const stripe = service(form.dataset.key);
    const entry = form.querySelector("[data-card-entry]");
    const place = form.querySelector("[data-card-new]");
    const keep = form.querySelector("[data-card-keep]");
    const button = form.querySelector("button[type=submit]");
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const several = form.querySelectorAll("input[name=what]").length > 1 || form.querySelector("input[type=radio][name=card]");
    let card, complete, begun;

    const chosen = () => form.querySelector("input[name=card]:checked") ?? entry;
    const show = () => {
      const at = chosen();
      place.hidden = at !== entry;
      if (keep) keep.hidden = "cardKept" in at.dataset;
      const what = form.querySelector("input[name=what]:checked, input[type=hidden][name=what]");
      if (several && what) button.textContent = `Pay ${what.dataset.amount} ${at.dataset.cardName ? `with ${at.dataset.cardName}` : "by card"}`;
      if (!place.hidden && !card && stripe) {
        card = stripe.elements().create("card", { style: look() });
        card.mount(form.querySelector("[data-card]"));
        card.on("change", (event) => {
          complete = event?.complete;
          work.say(event?.error?.message);
        });
        dark.addEventListener("change", () => card.update?.({ style: look() }));
      }
    };

    const enter = async () => {
      begun ??= await ask(form);
      const details = { payment_method: { card, billing_details: { name: form.dataset.name } } };
      const { error } = await stripe.confirmCardSetup(begun.client_secret, details);
      if (!error) return begun.card;
      if (error.type === "invalid_request_error") begun = undefined;
      throw new Error(error.message ? `${error.message} Nothing was taken.` : LOST);
    };

    form.hidden = false;
    for (const each of form.querySelectorAll("[data-scripted]")) each.hidden = false;
    entry.value = "";
    show();
    form.addEventListener("change", show);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const at = chosen();
      if (at === entry && !stripe) {
        work.fail(MISSING);
        return;
      }
      if (at === entry && complete === false) {
        work.fail("The card is not filled in completely. Check its number, its date and its code.");
        return;
      }
      if (!work.begin("Please wait. We ask your bank.")) return;
      try {
        if (at === entry) entry.value = await enter();
        work.send();
      } catch (error) {
        entry.value = "";
        work.fail(error.message);
      }
    });
    if (!stripe && !place.hidden) work.fail(MISSING);
    return work;
  };

  const confirm = (form) => {
    const work = worker(form);
    const stripe = service(form.dataset.key);
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!stripe) {
        work.fail("What your bank asks could not be loaded. Reload the page, or start over.");
        return;
      }
      if (!work.begin("Please answer what your bank asks.")) return;
      try {
        const { error } = await stripe.confirmCardPayment(form.dataset.secret);
        if (error?.type === "api_connection_error") throw new Error(LOST);
        work.send(); // also when the bank says no: the server asks how it stands, and says why
      } catch {
        work.fail("The line broke while your bank was asked. Try again; nothing is taken twice.");
      }
    });
    return work;
  };

  // A payment that is being processed: ask often at first, then less; whatever changes is shown by the page itself.
  const poll = (place) => {
    let asked = 0;
    const again = async () => {
      asked += 1;
      try {
        const answer = await fetch(place.dataset.poll, { headers: { Accept: "application/json" } });
        const found = answer.ok ? await answer.json() : null;
        if (found && (found.state !== "started" || found.waits_for_student)) {
          location.reload();
          return;
        }
      } catch {
        // asked again below
      }
      if (asked < 60) setTimeout(again, asked < 15 ? 2000 : 10000);
    };
    setTimeout(again, 2000);
  };

  const works = [
    ...[...document.querySelectorAll("form[data-pay]")].map(pay),
    ...[...document.querySelectorAll("form[data-confirm]")].map(confirm),
  ];
  document.querySelectorAll("[data-poll]").forEach(poll);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) works.forEach((work) => work.free());
  });
})();
