/* What there is to review: which of it is asked for, in which order, how far one is and how long the rest may take. */

export const KINDS = ["suggestion", "missing", "untagged", "merge"];
export const NO_FILTER = { tag: "", confidence: "", year: "", topic: "", search: "" };
export const FILTERS = Object.keys(NO_FILTER);
const AT_FIRST = { kind: "suggestion", order: "", ...NO_FILTER, keys: "", item: "" };
const PAUSE = 60_000; // who looks away for longer is not slow
const LAST = 20;

/** What the address asks for: view, order, filters and item. */
export const readAddress = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  const where = Object.fromEntries(Object.entries(AT_FIRST).map(([name, value]) => [name, given.get(name) ?? value]));
  return KINDS.includes(where.kind) ? where : { ...where, kind: AT_FIRST.kind };
};
/** The part of the address from `#` on. */
export const addressOf = (where) =>
  `#${new URLSearchParams(Object.entries(where).filter(([name, value]) => value && value !== AT_FIRST[name]))}`;

export const isOpen = ({ state }) => state === "open";
export const isDone = ({ state }) => state === "added" || state === "declined";
export const tagsOf = (item) => item.kind === "merge" ? item.tags.map(([tag]) => tag) : item.tag ? [item.tag] : [];
const folded = (text) => text.normalize("NFKC").toLowerCase();
const GROUPS = { tag: (item) => tagsOf(item)[0] ?? "", post: (item) => item.path };

export class Queue {
  revision = 0;
  undo = 0;
  #items = new Map();
  #times = [];
  #since = performance.now();

  /** Takes a whole answer of the server's: everything there is. */
  replace(answer) {
    this.#items.clear();
    Object.assign(this, { topics: answer.topics, tags: answer.tags, declinedFile: answer.declined_file });
    this.take(answer);
  }

  /** Takes what has changed, and returns those items. */
  take({ items = [], revision = this.revision, undo = this.undo }) {
    for (const item of items) this.#items.set(item.id, item);
    Object.assign(this, { revision, undo });
    return items;
  }

  get(id) {
    return this.#items.get(id);
  }

  ofKind(kind) {
    return [...this.#items.values()].filter((item) => item.kind === kind);
  }

  /** How many of a kind are open. */
  open(kind) {
    return this.ofKind(kind).filter(isOpen).length;
  }

  /** The items that are asked for: large groups first, and in each the surest first. */
  list({ kind, order, tag, confidence, year, topic, search }) {
    const words = folded(search).split(/\s+/);
    const found = this.ofKind(kind).filter((item) =>
      (!tag || tagsOf(item).includes(tag))
      && (!confidence || (item.confidence ?? 1) >= Number(confidence))
      && (!year || String(item.year) === year)
      && (!topic || String(item.topic) === topic)
      && words.every((word) => folded([item.title, ...tagsOf(item)].join(" ")).includes(word)));
    found.sort((one, other) => (other.confidence ?? 0) - (one.confidence ?? 0));
    if (!Object.hasOwn(GROUPS, order)) return found;
    return [...Map.groupBy(found, GROUPS[order]).values()].sort((one, other) => other.length - one.length).flat();
  }

  /** The items of a list that stand in the same group as this one; all of them where nothing is grouped. */
  group(list, item, order) {
    const keyOf = Object.hasOwn(GROUPS, order) ? GROUPS[order] : () => "";
    return list.filter((other) => keyOf(other) === keyOf(item));
  }

  /** The next open item behind this one, then from the start; with what was put off, if wanted. */
  next(list, item, withLater = false) {
    const place = list.findIndex((other) => other.id === item?.id) + 1;
    const others = [...list.slice(place), ...list.slice(0, place)];
    return others.find(isOpen) ?? (withLater ? others.find(({ state }) => state === "later") : undefined);
  }

  /** Takes note that somebody has just decided. */
  tick() {
    const now = performance.now();
    this.#times = [...this.#times, Math.min(PAUSE, now - this.#since)].slice(-LAST);
    this.#since = now;
  }

  /** How much of a list is done, and in how many minutes the rest may be; 0 while nobody can tell. */
  progress(list) {
    const mean = this.#times.reduce((sum, time) => sum + time, 0) / this.#times.length;
    const left = list.filter(isOpen).length;
    const minutes = this.#times.length < 5 || !left ? 0 : Math.max(1, Math.round(left * mean / 60_000));
    return { done: list.filter(isDone).length, total: list.length, minutes };
  }

  /** How many of these are in which state. */
  tally(items) {
    const count = (wanted) => items.filter(({ state }) => state === wanted).length;
    return { added: count("added"), declined: count("declined"), later: count("later") };
  }
}

/** Values of a property with how often each occurs in a list, the most frequent first. */
export const countsOf = (list, valuesOf) => {
  const counts = new Map();
  for (const value of list.flatMap(valuesOf)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
};
