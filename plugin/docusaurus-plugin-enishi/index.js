'use strict';

const { createHash } = require('crypto');
const { join } = require('path');
const { Enishi } = require('./shared');

const NAME = 'docusaurus-plugin-enishi';

/** Docusaurus calls this with the site and what its author set. */
module.exports = function docusaurusPluginEnishi({ siteDir, siteConfig, i18n }, { id, ...settings }) {
  const enishi = new Enishi({
    root: siteDir,
    settings,
    more: { inject: true, stylesheet: true },
    place: `${NAME}: `
  });
  enishi.serves = process.env.NODE_ENV === 'development';
  /** File of each post -> the file of its data, as a module. */
  const modules = new Map();

  return {
    name: NAME,

    getThemePath: () => join(__dirname, 'theme'),
    getClientModules: () => (enishi.settings.stylesheet ? [join(__dirname, 'shared', 'enishi.css')] : []),

    /** After the blogs have read their posts, and before anything is bundled; in `docusaurus start` at each edit. */
    async allContentLoaded({ allContent, actions }) {
      const blogs = Object.values(allContent['docusaurus-plugin-content-blog'] ?? {});
      const posts = blogs.flatMap(blog => blog.blogPosts).map(({ metadata }) => ({
        file: join(siteDir, metadata.source.replace(/^@site\//, '')),
        metadata
      }));
      if (posts.length) await enishi.update(posts.map(entry));
      await Promise.all(posts.map(async ({ file }) => {
        const name = `${createHash('sha256').update(enishi.keyOf(file)).digest('hex').slice(0, 32)}.json`;
        await actions.createData(name, dataOf(file));
        modules.set(file, `@generated/${NAME}/${id}/${name}`);
      }));
    },

    /** The module of a post's own page exports its data; that of a list of posts does not. */
    configureWebpack: () => ({
      module: {
        rules: [{
          enforce: 'post',
          resource: file => modules.has(file),
          resourceQuery: { not: [/truncated/] },
          use: { loader: join(__dirname, 'loader.js'), options: { moduleOf: file => modules.get(file) } }
        }]
      }
    })
  };

  function entry({ file, metadata }) {
    const { title, date, tags, permalink, unlisted, frontMatter } = metadata;
    return {
      source: file,
      url: withTrailingSlash(permalink, siteConfig.trailingSlash),
      title,
      date: new Date(date).toISOString(),
      tags: tags.map(tag => tag.label),
      published: !(unlisted || frontMatter.unlisted || frontMatter.draft),
      ...languageOf(frontMatter)
    };
  }

  /** A site that names no language is of `en` to Docusaurus; the posts themselves know better. */
  function languageOf({ lang }) {
    const named = lang ?? (i18n.locales.length > 1 || i18n.currentLocale !== 'en' ? i18n.currentLocale : null);
    return typeof named === 'string' ? { lang: named } : {};
  }

  /** What a page needs, and no more: the finished list and, for an author's own markup, its entries. */
  function dataOf(file) {
    return enishi.settings.inject ? { html: enishi.html(file) } : { html: enishi.html(file), related: enishi.related(file) };
  }
};

/** As Docusaurus itself does with the addresses of its links. */
function withTrailingSlash(path, setting) {
  if (setting === undefined || path === '/') return path;
  return setting ? path.replace(/\/?$/, '/') : path.replace(/\/$/, '');
}
