'use strict';

const { statSync } = require('fs');
const { join } = require('path');

/**
 * Hexo's own list of posts.
 *
 * Hexo makes the addresses: they depend on the time zone of the process, on its rules for slugs and on other plugins,
 * so nobody else can know them.
 */
function manifest(hexo) {
  // Hexo 7 keeps the list that it made when it had read half of the posts.
  hexo.locals.invalidate();
  return publishedPosts(hexo).map(post => entry(hexo, post));
}

/** The file of a post. */
function sourceOf(hexo, post) {
  return join(hexo.source_dir, post.source);
}

/** The posts that the site shows now; with `--draft` the drafts, too. */
function publishedPosts(hexo) {
  return hexo.locals.get('posts').toArray();
}

function entry(hexo, post) {
  const result = {
    source: sourceOf(hexo, post),
    url: addressOf(hexo, post),
    tags: names(post.tags),
    categories: categoriesOf(post),
    published: post.published !== false
  };
  if (post.title) result.title = String(post.title);
  const date = dateOf(hexo, post);
  if (date) result.date = date;
  const lang = post.lang || post.language;
  if (typeof lang === 'string') result.lang = lang;
  return result;
}

/** The address below the site's root. Never a relative one: the lists are made once for all pages. */
function addressOf(hexo, post) {
  return hexo.extend.helper.get('url_for').call(hexo, post.path, { relative: false });
}

/** The date that the site shows, with its offset; none if the author gave none and Hexo took the file's. */
function dateOf(hexo, post) {
  if (!post.date || !post.date.isValid() || isFileTime(post)) return null;
  const view = { config: hexo.config, page: { lang: 'en' } }; // some languages have digits of their own
  // A copy: the helper moves the date that it is given to the site's time zone, and the post's address with it.
  return hexo.extend.helper.get('date').call(view, post.date.clone(), 'YYYY-MM-DDTHH:mm:ssZ');
}

function isFileTime(post) {
  try {
    return Math.abs(statSync(post.full_source).birthtimeMs - post.date.valueOf()) < 1;
  } catch {
    return false; // a post of another plugin, without a file
  }
}

/** In one order: Hexo keeps the order in which names came to a post, edit by edit. */
function names(list) {
  return list ? list.map(item => item.name).sort() : [];
}

/** Hexo flattens `[Engineering, Web]`; the chains are put together again from the parents. */
function categoriesOf(post) {
  const all = post.categories ? post.categories.toArray() : [];
  const byId = new Map(all.map(category => [category._id, category]));
  const parents = new Set(all.map(category => category.parent));
  return all.filter(category => !parents.has(category._id)).map(category => chain(category, byId)).sort();
}

function chain(category, byId) {
  const result = [];
  for (let one = category; one && !result.includes(one.name); one = byId.get(one.parent)) result.unshift(one.name);
  return result;
}

module.exports = { manifest, publishedPosts, sourceOf };
