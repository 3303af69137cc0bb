"use strict";
(() => {
  const CHOICES = ["left", "right", "both", "neither"];
  const KEYS = { 1: "left", ArrowLeft: "left", 2: "right", ArrowRight: "right", 3: "both", 4: "neither" };
  const page = document.querySelector("main");
  const find = (selector) => page.querySelector(selector);
  const pairs = [...page.querySelectorAll(".pair")];
  const buttons = [...page.querySelectorAll("[data-choice]")];
  const store = `enishi verdicts ${page.dataset.blog}`;
  let said = {};
  let place = -1;

  const read = (pair, name) => JSON.parse(pair.dataset[name]);
  const choiceOf = (pair) => {
    const choice = Object.hasOwn(said, pair.dataset.pair) ? said[pair.dataset.pair] : "";
    return CHOICES.includes(choice) ? choice : "";
  };
  const isOpen = (pair) => !choiceOf(pair);
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(store) ?? "{}");
      if (kept !== null && typeof kept === "object" && !Array.isArray(kept)) said = kept;
    } catch (error) {
      if (!(error instanceof SyntaxError)) find("#unkept").hidden = false;
    }
  };
  const keep = () => {
    try {
      localStorage.setItem(store, JSON.stringify(said));
    } catch {
      find("#unkept").hidden = false;
    }
  };

  /* Shows a pair, or the end, which is place `pairs.length`. */
  const show = (next, moved = true) => {
    place = next;
    pairs.forEach((pair, number) => { pair.hidden = number !== place; });
    const pair = pairs[place];
    const done = pairs.filter((one) => !isOpen(one)).length;
    find("#end").hidden = Boolean(pair);
    find("#choices").hidden = !pair;
    find("#later").disabled = !pair;
    find("#back").disabled = place === 0;
    find("#save").disabled = done === 0;
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(Boolean(pair) && choiceOf(pair) === button.dataset.choice));
    }
    find("progress").value = done;
    find("#progress").textContent = filled(page.dataset.progress, { done, total: pairs.length });
    if (moved) {
      const heading = pair ? pair.querySelector("h2") : find("#end h2");
      heading.focus({ preventScroll: true });
      heading.scrollIntoView();
    }
  };

  /* The next pair without a verdict behind this one, then from the start; the end where there is none. */
  const nextOpen = () => {
    const order = pairs.map((_, number) => (place + 1 + number) % pairs.length);
    const found = order.find((number) => number !== place && isOpen(pairs[number]));
    return found ?? (pairs[place] && isOpen(pairs[place]) ? place : pairs.length);
  };
  const choose = (choice) => {
    if (!pairs[place]) return;
    said[pairs[place].dataset.pair] = choice;
    keep();
    show(nextOpen());
  };
  const later = () => { if (pairs[place]) show(nextOpen()); };
  const back = () => { if (place > 0) show(place - 1); };

  const save = () => {
    const verdicts = pairs.filter((pair) => !isOpen(pair)).map((pair) => ({
      pair: pair.dataset.pair,
      post: read(pair, "post"),
      left: read(pair, "left"),
      right: read(pair, "right"),
      choice: choiceOf(pair),
    }));
    const value = { kind: "enishi verdicts", version: 1, blog: JSON.parse(page.dataset.blog), verdicts };
    const file = new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "enishi-verdicts.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  const press = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !find("#keys").checked) return;
    if (Object.hasOwn(KEYS, event.key)) choose(KEYS[event.key]);
    else if (event.key === "0") later();
    else if (event.key === "Backspace") back();
    else return;
    event.preventDefault();
  };

  if (!pairs.length) return;
  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.choice));
  find("#later").addEventListener("click", later);
  find("#back").addEventListener("click", back);
  find("#save").addEventListener("click", save);
  document.addEventListener("keydown", press);
  load();
  find("#judging").hidden = false;
  show(nextOpen(), false);
})();
