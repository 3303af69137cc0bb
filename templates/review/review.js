/* One question after the other: what is shown, what is decided, and what if the server says no, or nothing. */

import * as api from "./api.js";
import { listen } from "./keys.js";
import { FILTERS, KINDS, NO_FILTER, Queue, addressOf, countsOf, isDone, isOpen, readAddress, tagsOf } from "./queue.js";
import * as view from "./view.js";

const { find, said, counted } = view;
const AHEAD = 3;
const POLL = 4000;
const ORDERS = ["", "tag", "post"];
const DONE = { add: "added", decline: "declined", later: "put_off" };

const queue = new Queue();
const details = new Map(); // by id: answers, and promises of them
let where = readAddress();
let list = [];
let current;
let chosen = {};
const written = new Map(); // by id: the lines that a decision wrote
const decided = []; // ids, for undo to find the way back
let isAsking = false;
let isGone = false;
let isFinished = false;

// -- what is shown --------------------------------------------------------------------------------------------------

const complain = (words) => {
  find("#problem").hidden = !words;
  find("#problem").textContent = words;
};
const tell = (words, item, tags = []) => {
  const names = item ? [...tagsOf(item), ...tags, item.title].filter(Boolean).join(" · ") : "";
  find("#done").textContent = [words, names].filter(Boolean).join(": ");
};
/* Not `disabled`: a button that has the focus keeps it, and says why it does nothing. */
const enable = (action, isPossible) => { find(`[data-action=${action}]`).ariaDisabled = String(!isPossible); };

const load = (id) => {
  if (!details.has(id)) {
    const promise = api.fetchItem(id);
    const settle = (answer) => {
      if (details.get(id) !== promise) return;
      if (answer) details.set(id, answer);
      else details.delete(id);
    };
    promise.then(settle, () => settle(null));
    details.set(id, promise);
  }
  return details.get(id);
};

/** Shows an item, or the end where there is none; `moved` where somebody has asked for it. */
const show = (item, moved = true) => {
  current = item;
  chosen = { merge: { keep: item?.kept }, untagged: { tags: [] } }[item?.kind] ?? {};
  where.item = item?.id ?? "";
  history.replaceState(null, "", addressOf(where));
  for (const part of ["#question", "#text", "#list"]) find(part).hidden = !item;
  find("#end").hidden = Boolean(item);
  find("#bar").hidden = false;
  if (item) showItem(item);
  else showEnd();
  showProgress();
  const [part, heading] = item ? ["#question", "#ask"] : ["#end", "#end-title"];
  if (moved) {
    find(part).scrollTop = 0;
    find(part).scrollIntoView();
  }
  const focused = document.activeElement;
  if (focused === document.body || !focused.checkVisibility()) find(heading).focus({ preventScroll: true });
  find("#said").textContent = [find(heading).textContent, item?.title].filter(Boolean).join(" ");
};

const showItem = (item) => {
  const group = queue.group(list, item, where.order);
  const place = said("place", { number: group.indexOf(item) + 1, total: group.length });
  const tag = where.order === "tag" && tagsOf(item)[0];
  const heading = tag ? said("group", { tag, posts: counted("posts", group.length) }) : said("list");
  view.showItem(item, tag ? `${heading} · ${place}` : place);
  view.showList(group, item, heading, (other) => {
    show(other);
    find("#ask").focus({ preventScroll: true });
  });
  const known = load(item.id);
  if (known instanceof Promise) known.then((answer) => { if (current === item) showDetails(item, answer); }, failed);
  else showDetails(item, known);
};
const showDetails = (item, answer) => {
  if (item.kind === "untagged" || item.kind === "merge") view.showChoices(item, answer, queue.tags, choose);
  showAnswer(item, answer);
  const ahead = item.kind === "merge" ? 1 : AHEAD; // of many posts at once the server has to plan the edits
  list.slice(list.indexOf(item) + 1).filter(isOpen).slice(0, ahead).forEach((next) => load(next.id));
};
const showAnswer = (item, answer) => {
  view.showDetails(item, answer, chosen.tags?.at(-1) ?? item.tag);
  view.showChosen(chosen.tags ?? [chosen.keep]);
  const isUnsaid = item.kind === "untagged" && isOpen(item) && !chosen.tags.length;
  const hint = { added: "added", declined: "declined", later: "put_off" }[item.state] ?? (isUnsaid && "nothing");
  const lines = isDone(item) ? written.get(item.id) : answer.diff;
  view.showDiff(lines ?? [], answer.refused, hint && said(hint));
  for (const action of Object.keys(DONE)) enable(action, !isDone(item) && !(action === "add" && answer.refused));
};

const showEnd = () => {
  const counts = queue.tally(list);
  const isFiltered = FILTERS.some((name) => where[name]);
  const ways = KINDS.filter((kind) => kind !== where.kind && queue.open(kind))
    .map((kind) => [`${said(kind)} (${queue.open(kind)})`, () => go({ ...NO_FILTER, kind })]);
  if (counts.later) ways.unshift([said("put_off_again"), () => show(queue.next(list, undefined, true))]);
  if (isFiltered) ways.push([said("reset"), actions.clear]);
  view.showEnd(said(list.length ? "end" : "end_none"), list.length ? said("tally", counts) : "", ways);
  for (const action of Object.keys(DONE)) enable(action, false);
};
const showProgress = () => {
  const { done, total, minutes } = queue.progress(list);
  find("progress").max = Math.max(1, total);
  find("progress").value = done;
  find("#progress-text").textContent = said("progress", { done, total }) + (minutes ? counted("minutes", minutes) : "");
  enable("undo", queue.undo);
  find("#undo-count").textContent = queue.undo || "";
  const { order, keys } = where;
  const kinds = KINDS.filter((kind) => kind === where.kind || queue.ofKind(kind).length);
  view.showViews(kinds.map((kind) => [kind, queue.open(kind), addressOf({ kind, order, keys }), kind === where.kind]));
};

// -- where one is ---------------------------------------------------------------------------------------------------

const showFilters = () => {
  const form = find("#filters");
  const all = queue.ofKind(where.kind);
  const topics = new Map(queue.topics.map(({ id, label }) => [id, label.join(said("comma"))]));
  const options = (name, counts) => {
    const values = counts.map(([value, count, words = value]) => [value, `${words} (${count})`]);
    view.showOptions(form[name], values, where[name]);
  };
  options("tag", countsOf(all, tagsOf));
  options("year", countsOf(all, ({ year }) => year ?? []).sort(([one], [other]) => other - one));
  options("topic", countsOf(all, ({ topic }) => topic ?? []).map(([id, count]) => [id, count, topics.get(id)]));
  const least = [90, 80, 70, 60, 50].map((percent) => [percent / 100, said("from", { percent })]);
  view.showOptions(form.confidence, where.kind === "suggestion" ? least : [], where.confidence);
  form.order.value = where.order;
  find("#keys").checked = !where.keys;
  if (document.activeElement !== form.search) form.search.value = where.search;
  const active = FILTERS.filter((name) => where[name]).length;
  find("[data-action=clear]").hidden = !active;
  find("#filter").textContent = said("filter") + (active ? ` (${active})` : "");
};

/** Takes another view, filter or order, and stays at the item where it belongs to it. */
const go = (change) => {
  where = { ...where, ...change };
  list = queue.list(where);
  showFilters();
  show(list.find((item) => item.id === where.item) ?? queue.next(list), false);
};

// -- what is decided ------------------------------------------------------------------------------------------------

/** Takes in what has changed, and forgets what was known of it. */
const take = (answer) => {
  const changed = queue.take(answer);
  const paths = new Set(changed.map(({ path }) => path));
  for (const id of details.keys()) if (paths.has(queue.get(id)?.path)) details.delete(id);
  list = queue.list(where);
  if (changed.some(({ kind }) => kind === "merge")) start().catch(failed); // tags go by other names now
  return changed;
};
/** The same, and shows it, without going anywhere. */
const refresh = (answer) => {
  const changed = take(answer);
  const here = queue.get(current?.id);
  if (!current || changed.some(({ path }) => path === current.path)) show(here ?? queue.next(list), false);
  else showProgress();
};

const failed = (error) => {
  if (error instanceof api.Refusal) {
    take(error.answer);
    details.delete(current?.id);
    show(queue.get(current?.id), false);
    complain(error.message);
  } else if (error instanceof api.NoAnswer) {
    isGone = true;
    complain(said("gone"));
  } else throw error;
};

/** One request at a time: who presses a key meanwhile has not seen yet what it would be for. */
const once = async (request, done) => {
  if (isAsking || isFinished) return;
  if (isGone) {
    complain(said("gone"));
    return;
  }
  isAsking = true;
  find("main").ariaBusy = "true";
  try {
    const answer = await request();
    complain(answer.problem ?? "");
    done(answer);
  } catch (error) {
    failed(error);
  } finally {
    isAsking = false;
    find("main").ariaBusy = "false";
  }
};

const decide = (action) => {
  const item = current;
  if (!item) return;
  if (isDone(item)) complain(said("decided"));
  else if (action === "later" && item.state === "later") show(queue.next(list, item, true));
  else if (action === "add" && item.kind === "untagged" && !chosen.tags.length) {
    complain(said("none_chosen"));
    find("#other-tag")?.focus();
  } else {
    const choice = action === "add" ? chosen : {};
    once(() => api.decide({ id: item.id, action, ...choice }), (answer) => {
      tell(said(DONE[action]), item, choice.tags);
      decided.push(item.id);
      written.set(item.id, answer.diff);
      queue.tick();
      take(answer);
      show(queue.next(list, item, item.state === "later"));
    });
  }
};

const undo = () => {
  if (!queue.undo) complain(said("nothing_undone"));
  else once(api.undo, (answer) => {
    const changed = take(answer);
    const last = decided.pop();
    const item = changed.find(({ id }) => id === last) ?? changed[0];
    tell(said("undone"), item);
    if (item && item.kind !== where.kind) go({ ...NO_FILTER, kind: item.kind, item: item.id });
    else show(item ?? current);
  });
};

/** Takes a tag for an untagged post, or the name that stays: how the blog writes it, or nothing. A second time, not any more. */
const choose = (given, isTyped) => {
  const item = current;
  const known = (item.kind === "merge" ? item.tags : queue.tags).map(([tag]) => tag);
  const tag = known.find((one) => one === given) ?? known.find((one) => one.toLowerCase() === given.toLowerCase());
  complain(tag ? "" : said("unknown", { tag: given }));
  if (!tag) return tag;
  if (item.kind === "merge") chosen = { keep: tag };
  else {
    const others = chosen.tags.filter((one) => one !== tag);
    chosen = { tags: others.length < chosen.tags.length && !isTyped ? others : [...others, tag] };
  }
  view.showChosen(chosen.tags ?? [chosen.keep]);
  const asked = chosen;
  find("main").ariaBusy = "true";
  api.fetchItem(item.id, asked).then((answer) => { if (chosen === asked) showAnswer(item, answer); }, failed)
    .finally(() => { find("main").ariaBusy = "false"; });
  return tag;
};

// -- keys and buttons -----------------------------------------------------------------------------------------------

const step = (distance) => {
  const place = list.indexOf(current);
  const next = current ? list[place + distance] : list.at(distance < 0 ? -1 : 0);
  complain("");
  if (next) show(next);
};
/** Turns a page of the post. */
const read = (direction) => {
  const pane = find("#text");
  pane.scrollBy({ top: (direction < 0 ? -0.8 : 0.8) * pane.clientHeight });
};
const openFilters = (isOpened) => {
  find("#filters").classList.toggle("open", isOpened);
  find("#filter").setAttribute("aria-expanded", String(isOpened));
};
const actions = {
  add: () => decide("add"),
  decline: () => decide("decline"),
  later: () => decide("later"),
  undo,
  next: () => step(1),
  previous: () => step(-1),
  order: () => go({ order: ORDERS[(ORDERS.indexOf(where.order) + 1) % ORDERS.length] }),
  search: () => {
    openFilters(true);
    find("#filters").search.select();
  },
  read,
  choose: (number) => find("#choices").querySelectorAll("[data-tag]")[number - 1]?.click(),
  filter: () => openFilters(find("#filter").getAttribute("aria-expanded") !== "true"),
  clear: () => {
    find("#filters").search.value = "";
    go(NO_FILTER);
  },
  help: () => find("#help").showModal(),
  finish: () => {
    find("#finish-text").textContent = said("tally", queue.tally(KINDS.flatMap((kind) => queue.ofKind(kind))));
    find("#finish").showModal();
  },
};
const finish = async () => {
  isFinished = true;
  await api.close().catch(() => {});
  for (const part of ["header", "#question", "#text", "#list", "#bar"]) find(part).hidden = true;
  find("#end").hidden = false;
  view.showEnd(said("finished"), find("#finish-text").textContent, []);
  find("#end-title").focus();
};

document.addEventListener("click", (event) => actions[event.target.closest("[data-action]")?.dataset.action]?.());
listen((action, number) => actions[action](number), () => !where.keys && !isFinished);
find("#keys").addEventListener("change", ({ target }) => go({ keys: target.checked ? "" : "off" }));
const form = find("#filters");
form.addEventListener("input", ({ target }) => go({ [target.name]: target.value }));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  find("#ask").focus();
});
form.search.addEventListener("keydown", (event) => { if (event.key === "Escape") find("#ask").focus(); });
find("#finish").addEventListener("close", ({ target }) => { if (target.returnValue === "finish") finish(); });
addEventListener("hashchange", () => go(readAddress()));

// -- the server -----------------------------------------------------------------------------------------------------

const start = async () => {
  queue.replace(await api.fetchQueue());
  details.clear();
  find("#safety").textContent = said("safety", { file: queue.declinedFile });
  go({});
};
const poll = async () => {
  if (document.hidden || isAsking || isFinished) return;
  try {
    if (isGone) {
      await start();
      isGone = false;
      complain("");
      tell(said("back"));
    } else {
      const answer = await api.fetchChanges(queue.revision);
      if (!isAsking && answer.revision > queue.revision) refresh(answer);
    }
  } catch (error) {
    failed(error);
  }
};
document.addEventListener("visibilitychange", poll);
setInterval(poll, POLL);
start().catch((error) => {
  find("#bar").hidden = false;
  failed(error);
});
