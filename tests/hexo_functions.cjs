// Answers of the functions that Hexo's reading rests on, for many inputs at once.
// stdin: {"dates": […], "numbers": […], "slugs": […], "yaml": […], "globs": [[path, patterns], …]}; stdout: the same
// keys with a list of answers each.  Modules are looked for in HEXO_MODULES.
"use strict";
const path = require("node:path");
const modules = path.resolve(process.env.HEXO_MODULES || "node_modules");
const load = (name) => require(path.join(modules, name));
const { slugize } = load("hexo-util");
const yaml = load("js-yaml");
const micromatch = load("micromatch");

const readable = (text) => {
  try {
    return { value: plain(yaml.load(text)) };
  } catch (error) {
    return { line: error.mark ? error.mark.line : null, reason: error.reason || String(error) };
  }
};
// What JSON cannot hold, in the words that Enishi uses for it
const plain = (value) => {
  if (value === undefined) return null; // js-yaml, for a text without a document
  if (value instanceof Date) return { "!date": value.getTime() };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
};
const answer = {
  dates: (text) => {
    const time = new Date(text).getTime();
    return Number.isNaN(time) ? null : time;
  },
  numbers: (number) => String(number),
  slugs: (text) => [slugize(text), slugize(text, { transform: 1 })],
  yaml: readable,
  globs: ([file, patterns]) => micromatch.isMatch(file, patterns),
};
const asked = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const answers = Object.fromEntries(Object.entries(asked).map(([key, list]) => [key, list.map(answer[key])]));
process.stdout.write(JSON.stringify(answers));
