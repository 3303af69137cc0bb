'use strict';

const { join, posix, relative } = require('path');
const { Enishi } = require('./shared');

const STYLESHEET = 'css/enishi.css';
/** Stands where a page's list belongs until the page is finished; minifiers keep comments with an exclamation mark. */
const PLACE = '<!--!enishi-->';
const POST = /\.(md|markdown|mdown|mkd|mdx)$/;

/**
 * @param {object} eleventyConfig
 * @param {{inject?: boolean, stylesheet?: boolean, command?: string | string[], strict?: boolean}} [options]
 */
module.exports = (eleventyConfig, options) => {
  const root = process.cwd();
  const enishi = new Enishi({ root, settings: options, more: { inject: false, stylesheet: null } });
  const { inject, stylesheet } = enishi.settings;
  /** Addresses as Eleventy's own: its `url` filter, or its HTML base plugin, put the path prefix before them. */
  const addresses = new Map();
  const drafts = new Set();

  // Fragments are no templates, and a list that is new is no edit
  for (const ignored of [eleventyConfig.ignores, eleventyConfig.watchIgnores]) ignored.add('.enishi/**');
  eleventyConfig.on('eleventy.before', ({ runMode }) => { enishi.serves = runMode !== 'build'; });
  // To Eleventy itself a draft is a page like any other, where the author's settings do not take it away
  eleventyConfig.addPreprocessor('enishi', '*', data => {
    drafts[data.draft === true ? 'add' : 'delete'](enishi.keyOf(data.page.inputPath));
  });
  // Told once all addresses are known, and waited for before any page is rendered
  eleventyConfig.on('eleventy.contentMap', async ({ inputPathToUrl }) => {
    addresses.clear();
    for (const [path, [url]] of Object.entries(inputPathToUrl)) {
      if (url && POST.test(path)) addresses.set(enishi.keyOf(path), url);
    }
    const prefix = eleventyConfig.pathPrefix || '/';
    await enishi.update([...addresses].map(([source, url]) => (
      { source, url: posix.join('/', prefix, url), published: !drafts.has(source) })));
  });

  eleventyConfig.addShortcode('enishi', () => PLACE);
  eleventyConfig.addFilter('enishi_related', path => enishi.related(path)
    .filter(post => addresses.has(post.path))
    .map(post => ({ ...post, url: addresses.get(post.path) })));
  if (inject) eleventyConfig.amendLibrary('md', markPlaceBelow);
  const showsStyles = stylesheet ?? inject;
  if (showsStyles) {
    const file = relative(root, join(__dirname, 'shared', 'enishi.css'));
    eleventyConfig.addPassthroughCopy({ [file]: STYLESHEET });
  }

  // After Eleventy's own, of which one puts the path prefix before addresses: those in a list have it
  eleventyConfig.addTransform('enishi', function addList(content) {
    if (typeof content !== 'string' || !content.includes(PLACE)) return content;
    // What is no whole page is on its way into a feed
    const list = /<!doctype|<html|<\/body>/i.test(content) ? enishi.html(this.page.inputPath) : '';
    if (!list || !showsStyles) return fillLast(content, list);
    const link = `<link rel="stylesheet" href="${posix.join('/', eleventyConfig.pathPrefix || '/', STYLESHEET)}">\n`;
    const head = content.search(/<\/head>/i);
    if (head < 0) return fillLast(content, link + list); // HTML may leave it out
    return content.slice(0, head) + link + fillLast(content.slice(head), list);
  });
};

/** Of several places the last one counts: Markdown in Markdown has one, too. */
function fillLast(content, list) {
  const parts = content.split(PLACE);
  const end = parts.pop();
  return parts.join('') + list + end;
}

/** Lets what markdown-it makes of a page end in the place of its list. */
function markPlaceBelow(markdown) {
  markdown.core.ruler.push('enishi', state => {
    if (!state.env || !state.env.page || state.inlineMode) return;
    const place = new state.Token('html_block', '', 0);
    place.content = `${PLACE}\n`;
    state.tokens.push(place);
  });
}
