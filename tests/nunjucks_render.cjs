// Renders one template for many contexts as Hexo does it: Nunjucks with autoescape off.
// stdin: {"folder": …, "template": …, "contexts": […]}; stdout: a JSON list of strings.
"use strict";
const nunjucks = require("nunjucks");
const job = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const environment = new nunjucks.Environment(new nunjucks.FileSystemLoader(job.folder), { autoescape: false });
process.stdout.write(JSON.stringify(job.contexts.map((context) => environment.render(job.template, context))));
