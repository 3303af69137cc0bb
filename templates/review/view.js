/* Puts what there is to see into the page: made of elements and text only, so that nothing of the blog's is HTML. */

import { tagsOf } from "./queue.js";

const labels = JSON.parse(document.getElementById("labels").textContent);
const GLANCE = 220;
const NEIGHBORS = 3;
const STATES = { added: "✓", declined: "✕", later: "…" };
const BEFORE = 15;
const BEHIND = 40;

export const find = (selector) => document.querySelector(selector);
/** A label with values in its places. */
export const said = (name, values = {}) => labels[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
export const counted = (name, count) => said(count === 1 ? `${name}_one` : name, { count });

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value || value === "") made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const put = (selector, ...children) => find(selector).replaceChildren(...children);
const text = (words, attributes = {}) => element("bdi", attributes, words);
const chip = (tag) => text(tag, { class: "asked" });
const button = (act, children, attributes = {}) => {
  const made = element("button", { type: "button", ...attributes }, ...children);
  made.addEventListener("click", act);
  return made;
};
const linked = (words, url) => /^https?:\/\//i.test(url ?? "")
  ? element("a", { href: url, target: "_blank", rel: "noopener noreferrer", dir: "auto" }, words)
  : text(words);
/** A label with elements in its places. */
const composed = (name, values) =>
  labels[name].split(/(\{\w+\})/).flatMap((part) => part[0] === "{" ? values[part.slice(1, -1)] : part);
const listed = (words, make = text) => words.flatMap((one, place) => place ? [labels.comma, make(one)] : [make(one)]);
const percent = (confidence) => Math.round(confidence * 100);
const marked = (parts) => parts.map(([words, isMention]) => isMention ? element("mark", {}, words) : words);

// -- the question ---------------------------------------------------------------------------------------------------

/** What is asked; it is known before the rest is. */
export const showItem = (item, place) => {
  const isMerge = item.kind === "merge";
  const isSure = typeof item.confidence === "number";
  const name = { merge: "ask_merge", untagged: "ask_untagged" }[item.kind] ?? "ask";
  put("#place", text(place), text(isSure ? said("sure", { percent: percent(item.confidence) }) : ""));
  put("#ask", ...composed(name, { tag: listed(tagsOf(item), chip) }));
  put("#title", isMerge ? counted("posts", item.posts) : item.title);
  for (const slot of ["#about", "#tags", "#choices", "#quote", "#why", "#text"]) put(slot);
  put("#diff", element("p", { class: "loading quiet" }, labels.loading));
  find("#quote").hidden = isMerge || item.kind === "untagged";
  put("[data-action=add] span", labels[isMerge ? "merge_them" : "add"]);
  put("[data-action=decline] span", labels[{ merge: "keep_apart", untagged: "leave" }[item.kind] ?? "decline"]);
};

/** What is known of it: the post and its text, or the posts of several tags; what speaks for it. */
export const showDetails = (item, { post, text: blocks = [], passage, evidence, uses, reasons = [] }, tag) => {
  const language = knownLanguage(post?.lang) ?? document.documentElement.lang;
  for (const slot of ["#title", "#quote", "#text"]) find(slot).lang = language;
  if (post) {
    put("#title", linked(item.title, post.url));
    put("#about", [post.date, labels[post.status], post.path].filter(Boolean).join(" · "));
    put("#tags", ...(post.tags.length ? post.tags : [labels.no_tags]).map((tag) => element("li", {}, text(tag))));
  }
  const spoken = blocks[passage] ?? blocks.find(({ kind }) => kind === "paragraph");
  if (spoken) put("#quote", element("p", { dir: "auto" }, ...sentence(spoken.parts, language)));
  put("#why", ...reasons.map((reason) => element("p", {}, reason)), ...evidence && tag ? why(evidence) : []);
  put("#text", ...uses ? uses.flatMap(postsWith) : written(blocks, passage));
  const [pane, spot] = [find("#text"), find(".passage")];
  pane.scrollTop = spot ? spot.offsetTop - pane.clientHeight / 4 : 0;
};

const knownLanguage = (written) => {
  try {
    return Intl.getCanonicalLocales(written?.replace("_", "-") || [])[0];
  } catch {
    return undefined; // whatever an author wrote
  }
};
/** The sentence of a passage that names the tag, else its beginning: no more of it than a glance. */
const sentence = (parts, language) => {
  const whole = parts.map(([words]) => words).join("");
  const named = parts.findIndex(([, isMention]) => isMention);
  const at = parts.slice(0, Math.max(0, named)).reduce((sum, [words]) => sum + words.length, 0);
  const { index, segment } = new Intl.Segmenter(language, { granularity: "sentence" }).segment(whole).containing(at);
  const start = at - index > GLANCE / 2 ? at - GLANCE / 4 : index;
  const end = Math.min(start + GLANCE, named < 0 ? whole.length : index + segment.length);
  let from = 0;
  const cut = parts.map(([words, isMention]) => {
    const piece = words.slice(Math.max(0, start - from), Math.max(0, end - from));
    from += words.length;
    return [piece, isMention];
  });
  return [start > index ? "… " : "", ...marked(cut), end < index + segment.length ? " …" : ""];
};

const why = ({ mentions, topic, terms = [], neighbors = [], beside = [], use }) => {
  const reasons = [[mentions ? counted("named", mentions) : labels.named_none]];
  const against = [];
  if (topic) {
    const figures = { with: String(topic.with_tag), posts: String(topic.posts), label: listed(topic.label ?? []) };
    reasons.push(composed("in_topic", figures));
  }
  if (terms.length) reasons.push(composed("terms", { terms: listed(terms) }));
  if (neighbors.length) {
    const posts = neighbors.slice(0, NEIGHBORS).map(({ title, url, tags = [] }) =>
      element("li", {}, linked(title, url), " ", element("small", { class: "quiet" }, ...listed(tags))));
    reasons.push([labels.neighbors, element("ul", {}, ...posts)]);
  }
  for (const one of beside) {
    const figures = {
      with: String(one.with_tag), posts: String(one.posts), tag: text(`#${one.tag}`), expected: one.expected.toFixed(),
    };
    if (one.against) against.push(composed("beside_rarely", figures));
    else reasons.push(composed("beside", figures));
  }
  if (use) {
    const [then, post] = [use.then, use.post].map((date) => date.length === 4 ? said("in_year", { year: date }) : date);
    (use.against ? against : reasons).push([said(use.against ? "given_up" : "came_up", { then, post })]);
  }
  const list = (title, clauses) => clauses.length
    ? [element("h3", {}, title), element("ul", {}, ...clauses.map((clause) => element("li", {}, ...clause)))] : [];
  return [...list(labels.why, reasons), ...list(labels.against, against)];
};

const written = (blocks, passage) => [
  element("h2", { lang: document.documentElement.lang }, labels.text),
  ...blocks.map(({ kind, parts }, place) => element(
    kind === "heading" ? "h3" : "p", { class: place === passage && "passage", dir: "auto" }, ...marked(parts),
  )),
  ...blocks.length ? [] : [element("p", { class: "quiet" }, labels.no_text)],
];
const postsWith = ({ tag, posts }) => [
  element("h2", {}, ...composed("uses", { tag: chip(tag) })),
  element("ul", {}, ...posts.map(({ title, path }) => element("li", {}, text(title || path)))),
];

/** What would be written; `refused` says why nothing can be. */
export const showDiff = (all, refused, hint) => {
  const isChange = (place) => ["+", "-"].includes(all[place]?.[0]);
  const lines = all.filter(([sign], place) =>
    sign !== " " || isChange(place + 2) || isChange(place + 1) || isChange(place - 1));
  const rows = lines.map(([sign, line], place) => {
    if (sign === "@") return element("span", { class: "file" }, line);
    const [other, otherLine] = lines[sign === "+" ? place - 1 : place + 1] ?? [];
    const isChanged = (sign === "+" && other === "-") || (sign === "-" && other === "+");
    const [head, changed, tail] = isChanged ? difference(line, otherLine) : [line, "", ""];
    const name = { "+": "ins", "-": "del" }[sign] ?? "span";
    return element(name, {}, `${sign} ${head}`, changed && element("b", {}, changed), tail);
  });
  put("#diff",
    ...refused ? [element("p", { class: "refused" }, refused)] : [],
    ...hint ? [element("p", { class: "quiet" }, hint)] : [],
    ...rows.length ? [element("pre", { class: "diff", dir: "ltr" }, ...rows)] : []);
};
/** A line as what it begins and ends with like the other, and what is between. */
const difference = (line, other) => {
  const shorter = Math.min(line.length, other.length);
  let start = 0;
  while (start < shorter && line[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && line.at(-1 - end) === other.at(-1 - end)) end += 1;
  return [line.slice(0, start), line.slice(start, line.length - end), line.slice(line.length - end)];
};

// -- choosing of several --------------------------------------------------------------------------------------------

/** Tags to choose of: `choose(tag)` is called with each choice, and answers how the blog writes it. */
export const showChoices = (item, { suggestions = [] }, allTags, choose) => {
  const isMerge = item.kind === "merge";
  const offered = isMerge ? item.tags.map(([tag, count]) => [tag, counted("posts", count)])
    : suggestions.map(({ tag, confidence }) => [tag, `${percent(confidence)} %`]);
  const offer = ([tag, more], place) => {
    const key = place < 9 ? element("kbd", { "aria-hidden": "true" }, String(place + 1)) : "";
    return button(() => choose(tag), [text(tag), " ", element("small", {}, more), key], { "data-tag": tag });
  };
  const label = labels[isMerge ? "keep" : "suggestion"];
  const row = element("div", { class: "row", role: "group", "aria-label": label }, ...offered.map(offer));
  put("#choices",
    ...isMerge ? [element("h3", {}, label)] : [],
    row);
  if (isMerge) return;
  const input = element("input", { list: "all-tags", autocomplete: "off", id: "other-tag" });
  const form = element("form", { class: "row" },
    element("label", { for: "other-tag" }, labels.choose), input, element("button", {}, labels.take),
    element("datalist", { id: "all-tags" }, ...allTags.map(([tag]) => element("option", { value: tag }))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const tag = input.value.trim() && choose(input.value.trim(), true);
    if (!tag) return;
    if (!offered.some(([known]) => known === tag)) {
      row.append(offer([tag, ""], offered.length));
      offered.push([tag, ""]);
      showChosen([...row.querySelectorAll("[aria-pressed=true]")].map((one) => one.dataset.tag).concat(tag));
    }
    input.value = "";
    find("[data-action=add]").focus();
  });
  find("#choices").append(form, element("p", { id: "chosen", role: "status" }));
};
export const showChosen = (tags) => {
  const choices = find("#choices").querySelectorAll("[data-tag]");
  for (const one of choices) one.ariaPressed = String(tags.includes(one.dataset.tag));
  find("#chosen")?.replaceChildren(...tags.length ? composed("chosen", { tag: listed(tags, chip) }) : []);
};

// -- round it -------------------------------------------------------------------------------------------------------

/** The items before and behind the current one; `go(item)` is called for the one that is clicked. */
export const showList = (items, current, heading, go) => {
  const isOneTag = new Set(items.map(({ tag }) => tag)).size === 1;
  put("#list-title", text(heading));
  const place = items.indexOf(current);
  put("#list ol", ...items.slice(Math.max(0, place - BEFORE), place + BEHIND).map((item) => {
    const tags = tagsOf(item).join(labels.comma);
    const sure = item.confidence ? said("sure", { percent: percent(item.confidence) }) : "";
    const sign = STATES[item.state] ? `${STATES[item.state]} ` : "";
    const words = element("span", { class: "words" },
      element("span", { "aria-hidden": "true" }, sign),
      element("span", { class: "unseen" }, sign && `${labels[item.state]}: `),
      text(item.title || tags));
    const note = element("small", { class: "quiet" }, isOneTag ? sure : item.title && tags);
    return element("li", {}, button(() => go(item), [words, note], {
      class: item.state, "aria-current": item === current && "true",
    }));
  }));
  const [list, here] = [find("#list"), find("#list [aria-current]")];
  if (here) list.scrollTop = here.offsetTop - list.clientHeight / 3;
};

export const showViews = (views) => put("#views", ...views.map(([kind, count, address, isHere]) => element(
  "a", { href: address, "aria-current": isHere && "page" }, labels[kind], " ", element("small", {}, String(count)),
)));

/** Values of a `<select>`, the first of which means all. */
export const showOptions = (select, options, chosen) => {
  const gone = options.some(([value]) => String(value) === chosen) ? [] : [[chosen, chosen]];
  const all = [["", labels.all], ...options, ...chosen ? gone : []];
  select.parentElement.hidden = all.length === 1;
  select.replaceChildren(...all.map(([value, words]) => element("option", { value: String(value) }, words)));
  select.value = chosen;
};

export const showEnd = (title, words, ways) => {
  put("#end-title", title);
  put("#end-text", words);
  put("#end-ways", ...ways.map(([label, act]) => button(act, [label])));
};
