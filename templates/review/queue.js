/* What there is to review: which of it is asked for, in which order, how far one is and how long the rest may take. */

export const KINDS = ["suggestion", "missing", "untagged", "merge"];
const NOT_WHERE = { kind: "suggestion", order: "", tag: "", confidence: "", year: "", topic: "", search: "", item: "" };
const PAUSE = 60_000; // who looks away for longer is not slow
const LAST = 20;

/** What the address asks for: view, filters, order and item. */
export const readAddress = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  const where = Object.fromEntries(Object.entries(NOT_WHERE).map(([name, value]) => [name, given.get(name) ?? value]));
  if (!KINDS.includes(where.kind)) where.kind = NOT_WHERE.kind;
  return where;
};
/** The part of the address behind `#` for it. */
export const addressOf = (where) => {
  const said = Object.entries(where).filter(([name, value]) => value && value !== NOT_WHERE[name]);
  return `#${new URLSearchParams(said)}`;
};

const isDone = (item) => item.state === "added" || item.state === "declined";
const tagsOf = (item) => item.kind === "merge" ? item.tags.map(([tag]) => tag) : item.tag ? [item.tag] : [];
const folded = (text) => text.normalize("NFKC").toLowerCase();
const groupKey = { tag: (item) => tagsOf(item)[0] ?? "", post: (item) => item.path };

export class Queue {
  revision = 0;
  undo = 0;
  #items = new Map();
  #times = [];
  #since = performance.now();

  /** A whole answer of the server's: everything there is. */
  replace(answer) {
    this.#items = new Map();
    Object.assign(this, { topics: answer.topics, tags: answer.tags, declinedFile: answer.declined_file });
    this.take(answer);
  }

  /** What has changed.  Returns the items that did. */
  take({ items = [], revision, undo }) {
    for (const item of items) this.#items.set(item.id, item);
    this.revision = revision ?? this.revision;
    this.undo = undo ?? this.undo;
    return items;
  }

  get(id) {
    return this.#items.get(id);
  }

  ofKind(kind) {
    return [...this.#items.values()].filter((item) => item.kind === kind);
  }

  /** The items that are asked for, in order: groups with the most items first, in each the surest first. */
  list({ kind, order, tag, confidence, year, topic, search }) {
    const words = folded(search).split(/\s+/);
    const found = this.ofKind(kind).filter((item) =>
      (!tag || tagsOf(item).includes(tag))
      && (!confidence || item.confidence === null || item.confidence === undefined || item.confidence >= confidence)
      && (!year || String(item.year) === year)
      && (!topic || String(item.topic) === topic)
      && words.every((word) => folded(`${item.title} ${tagsOf(item).join(" ")}`).includes(word)));
    found.sort((one, other) => (other.confidence ?? 0) - (one.confidence ?? 0));
    if (!Object.hasOwn(groupKey, order)) return found;
    return [...Map.groupBy(found, groupKey[order]).values()].sort((one, other) => other.length - one.length).flat();
  }

  /** The items of a list that stand in the same group as this one; all of them where nothing is grouped. */
  group(list, item, order) {
    if (!item || !Object.hasOwn(groupKey, order)) return list;
    const key = groupKey[order](item);
    return list.filter((other) => groupKey[order](other) === key);
  }

  /** The next open item behind this one, then from the start; what was put off only where it was asked for. */
  nextOpen(list, id) {
    const place = list.findIndex((item) => item.id === id);
    return [...list.slice(place + 1), ...list.slice(0, place + 1)].find((item) => item.state === "open");
  }

  /** Takes note that somebody has just decided. */
  tick() {
    const now = performance.now();
    this.#times = [...this.#times, Math.min(PAUSE, now - this.#since)].slice(-LAST);
    this.#since = now;
  }

  /** How much of a list is done, and in how many minutes the open rest may be; null while nobody can tell. */
  progress(list) {
    const open = list.filter((item) => item.state === "open").length;
    const mean = this.#times.reduce((sum, time) => sum + time, 0) / this.#times.length;
    const minutes = this.#times.length < 5 || !open ? null : Math.max(1, Math.round(open * mean / 60_000));
    return { done: list.filter(isDone).length, total: list.length, minutes };
  }

  /** How many of these are in which state. */
  tally(items) {
    const count = (state) => items.filter((item) => item.state === state).length;
    return { added: count("added"), declined: count("declined"), later: count("later") };
  }
}

/** Values of a property in a list with how often each occurs, the most frequent first. */
export const countsOf = (list, values) => {
  const counts = new Map();
  for (const value of list.flatMap(values)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
};
export { isDone, tagsOf };
