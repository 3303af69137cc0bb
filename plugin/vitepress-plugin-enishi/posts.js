'use strict';

const { existsSync, readFileSync } = require('fs');
const { dirname, join } = require('path');

/** The site's folder for Enishi: where its package.json or enishi.toml is, as VitePress often sits in `docs`. */
function siteFolder(root) {
  for (let folder = root; ; folder = dirname(folder)) {
    if (['enishi.toml', 'package.json'].some(name => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return root;
  }
}

/** VitePress's pages with its own addresses. Which of them are posts, Enishi decides. */
function postsOf({ pages, rewrites, srcDir, cleanUrls, site, userConfig }) {
  return pages.filter(page => existsSync(join(srcDir, page))).map(page => {
    const field = frontMatter(readFileSync(join(srcDir, page), 'utf8'));
    const shown = rewrites.map[page] || page;
    const ofFolder = site.locales[shown.split('/')[0]]?.lang;
    const lang = field('lang') || ofFolder || userConfig.lang;
    const path = shown.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, cleanUrls ? '' : '.html');
    return {
      source: join(srcDir, page),
      url: encodeURI(site.base + path),
      published: field('draft') !== 'true' && !['home', 'page', 'false'].includes(field('layout')),
      ...(lang ? { lang } : {})
    };
  });
}

/** Looks up a plain value in a page's YAML front matter. */
function frontMatter(text) {
  const block = /^---[ \t]*\r?\n([^]*?)\r?\n---/.exec(text)?.[1] ?? '';
  return name => new RegExp(`^${name}:[ \\t]*["']?([^"'#\\r\\n]*?)["']?[ \\t]*(?:#.*)?$`, 'm').exec(block)?.[1] ?? '';
}

module.exports = { postsOf, siteFolder };
