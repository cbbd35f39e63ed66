// What the pages do beyond links and forms: they stay current. Everything works without this file, by reloading.
(() => {
  "use strict";
  const body = document.body;
  const line = document.getElementById("line");
  const where = body.dataset.events;
  const say = (state, text) => {
    if (!line) return;
    line.className = state;
    line.textContent = text;
  };

  // --- Fresh contents: the page is asked for again, and what is live of it is laid over what is there. What is typed,
  // chosen or opened stays: it is in no attribute that the server writes.
  let wanted = false;
  let busy = 0;
  let timer = 0;
  let pause = 0;
  const refresh = () => {
    wanted = true;
    if (timer || busy || document.hidden) return;
    timer = setTimeout(run, pause);
  };
  const run = async () => {
    timer = 0;
    if (busy || document.hidden || !document.getElementById("live")) return;
    wanted = false;
    busy += 1;
    const began = performance.now();
    try {
      const page = await fetch(location.href, { headers: { "HX-Request": "true" }, cache: "no-store" });
      if (page.redirected && page.url.includes("/sign-in")) {
        // Not left for the page where one signs in: something may be typed here.
        say("lost", "Signed out");
        return;
      }
      // While the database is away the page stays what it was.
      if (page.ok) {
        const text = await page.text();
        const before = places();
        await htmx.swap({ text, target: "#live", select: "#live", swap: "outerMorph", sourceElement: body });
        for (const [id, column] of places()) {
          if (before.size && before.get(id) !== column) document.getElementById(id).classList.add("fresh");
        }
        const fresh = new DOMParser().parseFromString(text, "text/html");
        for (const id of ["reviews-count", "title"]) swapText(id, fresh);
      }
    } catch {
      // The line below says that it is lost.
    } finally {
      busy -= 1;
      // A slow page is not asked for again and again.
      pause = Math.max(600, 4 * (performance.now() - began));
      if (wanted) refresh();
    }
  };
  // Which card is in which column: those that have moved are seen for a moment.
  const places = () => new Map([...document.querySelectorAll(".card")].map((card) => [card.id, card.closest(".column").id]));
  const swapText = (id, fresh) => {
    const old = id === "title" ? document.querySelector("title") : document.getElementById(id);
    const now = id === "title" ? fresh.querySelector("title") : fresh.getElementById(id);
    if (old && now && old.innerHTML !== now.innerHTML) old.replaceWith(now);
  };

  // --- The line to the server. It is closed while nobody looks: browsers open only six to one server.
  let source = null;
  let lost = false;
  let again = 0;
  const open = () => {
    if (source || document.hidden || !where) return;
    source = new EventSource(where);
    source.addEventListener("open", () => {
      again = 0;
      say("live", "Live");
      // Whatever happened in between is in the page as it is now.
      if (lost) refresh();
      lost = false;
    });
    source.addEventListener("change", refresh);
    source.addEventListener("error", () => {
      lost = true;
      say("lost", "Connection lost, trying again");
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        again = Math.min(again ? again * 2 : 500, 15000);
        setTimeout(open, again);
      }
    });
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      lost = true;
      close();
    } else open();
  });
  // From the browser's own cache of pages, after going back.
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      lost = true;
      close();
      open();
    }
  });
  addEventListener("pagehide", close);

  // --- Forms that htmx sends
  document.addEventListener("htmx:before:request", () => { busy += 1; });
  document.addEventListener("htmx:finally:request", () => {
    busy = Math.max(0, busy - 1);
    if (wanted) refresh();
  });
  const tell = (text) => {
    const answer = document.getElementById("answer");
    if (!answer) return;
    const box = document.createElement("div");
    box.className = "answer refused";
    box.setAttribute("role", "alert");
    box.textContent = text;
    answer.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const { status, headers } = ctx.response;
    // What is no page of the board's is not put into it.
    if (status === 401 || !(headers.get("content-type") || "").startsWith("text/html")) {
      event.preventDefault();
      tell(status === 401
        ? "You are signed out, and nothing was done. Sign in in another window, then send it again: what you typed is still here."
        : `The server answered ${status}. What you typed is still here: try again.`);
    } else if (status < 400) {
      // What was typed has been taken; where it was refused it stays.
      ctx.sourceElement.closest("form")?.reset();
    }
  });
  document.addEventListener("htmx:error", () => tell("The server did not answer. What you typed is still here: try again."));
  document.addEventListener("htmx:after:swap", () => {
    const answer = document.querySelector("#answer .answer");
    if (answer && answer.dataset.seen === undefined) {
      answer.dataset.seen = "";
      answer.focus({ preventScroll: true });
      answer.scrollIntoView({ block: "nearest" });
    }
  });

  // --- All of a list at once
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.dataset.all === undefined) return;
    for (const other of box.form.elements[box.dataset.all] instanceof RadioNodeList
      ? box.form.elements[box.dataset.all] : [box.form.elements[box.dataset.all]]) {
      if (other) other.checked = box.checked;
    }
  });
  for (const box of document.querySelectorAll("[data-all]")) box.hidden = false;

  open();
})();
