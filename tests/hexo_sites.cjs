// What the real Hexo makes of whole sites: the referee of test_hexo_referee.py.
// stdin: [{"config": text of _config.yml, "files": {"source/_posts/a.md": text or {"base64": …}}}, …]
// stdout: for each site a JSON object {source: post as Hexo has it}; a file that Hexo loses or passes over is not in it.
// Modules are looked for in HEXO_MODULES.  Nothing is rendered.
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const modules = path.resolve(process.env.HEXO_MODULES || "node_modules");
const Hexo = require(path.join(modules, "hexo"));
const moment = require(path.join(modules, "moment-timezone"));

async function read(site) {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "hexo-site-"));
  try {
    fs.writeFileSync(path.join(base, "package.json"), '{"name":"site","hexo":{"version":""},"dependencies":{}}');
    fs.writeFileSync(path.join(base, "_config.yml"), `theme: none\n${site.config}`);
    for (const [name, text] of Object.entries(site.files)) {
      const file = path.join(base, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, typeof text === "string" ? text : Buffer.from(text.base64, "base64"));
    }
    const hexo = new Hexo(base, { silent: true });
    await hexo.init();
    // the suffixes of hexo-renderer-marked
    for (const ext of ["md", "markdown", "mkd", "mkdn", "mdwn", "mdtxt", "mdtext"])
      hexo.extend.renderer.register(ext, "html", (data) => data.text, true);
    hexo.env.args = site.args || {};
    await hexo.source.process();
    const chain = (category) => {
      const parent = category.parent && hexo.model("Category").findById(category.parent);
      return [...(parent ? chain(parent) : []), category.name];
    };
    const posts = {};
    hexo.model("Post").forEach((post) => {
      let url = null;
      try {
        url = post.path;
      } catch (error) {
        url = null; // Hexo would fail later, when it makes the page
      }
      posts[post.full_source.slice(base.length + 1)] = {
        title: post.title,
        date: post.date.valueOf(),
        shown: moment(post.date).tz(hexo.config.timezone || "UTC").format("YYYY-MM-DD HH:mm:ss"),
        tags: post.tags.map((tag) => tag.name),
        categories: post.categories.map(chain),
        published: post.published,
        slug: post.slug,
        path: url,
        lang: post.lang === undefined ? null : post.lang,
        body: post._content,
      };
    });
    return posts;
  } finally {
    fs.rmSync(base, { recursive: true, force: true });
  }
}

(async () => {
  const answers = [];
  for (const site of JSON.parse(fs.readFileSync(0, "utf8"))) answers.push(await read(site));
  process.stdout.write(JSON.stringify(answers));
})();
