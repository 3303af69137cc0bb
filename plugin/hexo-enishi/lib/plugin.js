'use strict';

const { existsSync, realpathSync } = require('fs');
const { dirname, join, sep } = require('path');
const { Enishi } = require('../shared');
const { manifest, sourceOf } = require('./manifest');
const { relatedHelper } = require('./related');

const STYLESHEET = 'css/enishi.css';
/** Hexo loads and "generates" for `hexo list`, too. Only these make pages. */
const MAKES_PAGES = new Set(['generate', 'server', 'deploy']);
/** Before Hexo renders the posts (10): a post needs no HTML to be found, and the command can be at work meanwhile. */
const BEFORE_RENDERING = 1;
/** After that, and before generators and pages may ask for a list. */
const AFTER_RENDERING = 100;

module.exports = hexo => {
  const enishi = new Enishi({
    root: hexo.base_dir,
    settings: hexo.config.enishi && hexo.config.enishi.hexo,
    more: { inject: false, stylesheet: null },
    place: 'enishi.hexo.',
    log: hexo.log
  });
  const { inject, stylesheet } = enishi.settings;
  const listOf = post => (post && post.source ? enishi.html(sourceOf(hexo, post)) : '');

  warnOfLink(hexo, enishi);
  if (commandOf(hexo) === 'generate') enishi.begin(); // while Hexo reads its files, too
  let updated;
  hexo.extend.filter.register('before_generate', () => { updated = update(hexo, enishi); }, BEFORE_RENDERING);
  hexo.extend.filter.register('before_generate', () => updated, AFTER_RENDERING);
  hexo.extend.helper.register('enishi_related', relatedHelper(hexo, enishi));
  hexo.extend.helper.register('enishi_partial', function enishiPartial(post = this.page) {
    return listOf(post);
  });
  if (inject) hexo.extend.filter.register('template_locals', locals => addToContent(locals, listOf));
  // Whoever lets us add the list has no styles for it.
  if (stylesheet ?? inject) addStylesheet(hexo, enishi.stylesheet);
};

/** What the lists are waited for with; nothing where they may come later. */
function update(hexo, enishi) {
  const command = commandOf(hexo);
  if (command && !MAKES_PAGES.has(command)) return undefined;
  enishi.serves = command === 'server';
  if (enishi.settings.inject) hintAtListOfTheme(hexo, enishi);
  // Where there are lists already, this ends in a warning at most
  const updated = enishi.update(manifest(hexo));
  updated.catch(() => {}); // whoever waits for it hears of a failure
  return !enishi.exists || !canWaitInBackground(hexo, command) ? updated : undefined;
}

/** `server` for `hexo s` and `hexo serv`; undefined where a program uses Hexo as a library. */
function commandOf(hexo) {
  return hexo.env.cmd && hexo.extend.console.alias[hexo.env.cmd];
}

/**
 * The server makes each page when it is asked for, so a result may come later, and an edit is not held up: while Hexo
 * waits for us it misses what else is changed. A server that keeps its pages would keep the old lists.
 */
function canWaitInBackground(hexo, command) {
  const keepsPages = hexo.config.server && hexo.config.server.cache;
  return command === 'server' && !keepsPages;
}

/** `npm install FOLDER` makes a link. In a clone elsewhere it leads nowhere, and Hexo passes over it without a word. */
function warnOfLink(hexo, enishi) {
  const folder = realpathSync(join(__dirname, '..'));
  if (/[\\/]node_modules[\\/]/.test(folder) || isInRepository(folder, realpathSync(hexo.base_dir))) return;
  enishi.tell(`node_modules/hexo-enishi is a link to ${folder}. Where this blog is built without that folder, its pages ` +
    'have no lists, and nothing says so. Install the package, or what `npm pack` makes of the folder.');
}

/** Whether a clone of the blog's repository has the folder, too. */
function isInRepository(folder, blog) {
  let top = blog;
  while (!existsSync(join(top, '.git'))) {
    if (top === dirname(top)) return false;
    top = dirname(top);
  }
  return folder.startsWith(join(top, sep));
}

/** Butterfly, NexT and others: two lists below a post are one too many. */
function hintAtListOfTheme(hexo, enishi) {
  const settings = { ...hexo.theme.config, ...hexo.config.theme_config };
  for (const name of ['related_post', 'related_posts']) {
    if (!settings[name] || !settings[name].enable) continue;
    enishi.tell(`the theme shows related posts of its own; \`${name}: {enable: false}\` in its settings ends that`, 'info');
  }
}

/**
 * Lets the content of a post's own page end in its list, with any theme.
 *
 * The post itself is not touched: what is put into its content is kept in Hexo's database, shows in feeds and on the
 * front page, and an old post would never list a new one. The page is a copy, and asks when it is printed.
 */
function addToContent(locals, listOf) {
  const { page } = locals;
  if (!page || !page.__post) return locals;
  const copy = Object.create(Object.getPrototypeOf(page), Object.getOwnPropertyDescriptors(page));
  locals.page = Object.defineProperty(copy, 'content', {
    get: () => [page.content, outsideOfContents(listOf(page))].filter(Boolean).join('\n'),
    configurable: true,
    enumerable: true
  });
  return locals;
}

/** A heading to readers, but none to a theme that makes a table of contents of what it finds in the content. */
function outsideOfContents(list) {
  return list.replace(/<h([1-6])( class="enishi-heading"[^>]*>[^<]*)<\/h\1>/, '<div role="heading" aria-level="$1"$2</div>');
}

function addStylesheet(hexo, text) {
  hexo.extend.generator.register('enishi_stylesheet', () => ({ path: STYLESHEET, data: () => text }));
  const root = String(hexo.config.root || '/').replace(/\/?$/, '/');
  hexo.extend.injector.register('head_end', `<link rel="stylesheet" href="${root}${STYLESHEET}">`);
}
