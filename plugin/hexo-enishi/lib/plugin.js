'use strict';

const { readFileSync } = require('fs');
const { join } = require('path');
const { runFirst, usualCommands } = require('./command');
const { manifest } = require('./manifest');
const { relatedHelper } = require('./related');
const { Results } = require('./results');
const { readSettings } = require('./settings');

const STYLESHEET = 'css/enishi.css';
/** Hexo loads and "generates" for `hexo list`, too. Only these make pages. */
const MAKES_PAGES = new Set(['generate', 'server', 'deploy']);
/** Before Hexo renders the posts (10): a post needs no HTML to be found, and the command can be at work meanwhile. */
const BEFORE_RENDERING = 1;

module.exports = hexo => {
  const warn = warner(hexo.log);
  const settings = readSettings(hexo.config, warn);
  const results = new Results(hexo);
  const update = updater(hexo, settings, results, warn);

  hexo.extend.filter.register('before_generate', update, BEFORE_RENDERING);
  hexo.extend.helper.register('enishi_related', relatedHelper(hexo, results));
  hexo.extend.helper.register('enishi_partial', function enishiPartial(post = this.page) {
    return results.partialOf(post);
  });
  if (settings.inject) hexo.extend.filter.register('template_locals', locals => addToContent(locals, results));
  if (settings.stylesheet) addStylesheet(hexo);
};

/** Says a thing once: the same failure at each edit in `hexo server` is no news. */
function warner(log) {
  const told = new Set();
  return message => {
    if (!told.has(message)) log.warn('enishi: %s', message);
    told.add(message);
  };
}

/** The filter that brings the lists up to date, and how it waits. */
function updater(hexo, settings, results, warn) {
  let running = null;
  let again = false;

  async function build() {
    const started = Date.now();
    const commands = settings.command ? [settings.command] : usualCommands();
    const said = await runFirst(commands, ['build', hexo.base_dir, '--manifest', '-', '--quiet'], {
      cwd: hexo.base_dir,
      input: JSON.stringify(manifest(hexo)),
      onStart: endWithProcess
    });
    if (said.trim()) hexo.log.debug('enishi: %s', said.trim());
    if (!results.load()) throw new Error('Enishi ended without a word, and without a result');
    hexo.log.info('enishi: related posts are up to date (%d ms)', Date.now() - started);
  }

  /** One at a time. Whoever comes meanwhile is served by one more run, which sees everything that changed. */
  function buildInTurn() {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await build();
      } while (again);
    })().finally(() => { running = null; });
    return running;
  }

  async function tryToBuild() {
    try {
      await buildInTurn();
    } catch (error) {
      const left = results.exists ? 'The lists are those of the last time.' : 'There are no lists of related posts.';
      warn(`${error.message}\n${left}`);
    }
  }

  return async function updateRelated() {
    const command = commandOf(hexo);
    if (command && !MAKES_PAGES.has(command)) return;
    try {
      if (!results.exists) results.load();
    } catch (error) {
      warn(error.message); // the run that follows writes it anew
    }
    results.follows = command === 'server';
    if (results.follows && results.exists && results.areWatched) return;
    if (results.exists && canWaitInBackground(hexo, command)) tryToBuild();
    else if (settings.strict) await buildInTurn();
    else await tryToBuild();
  };
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

/** Hexo's own `exit` event comes as soon as the server listens; the end of the process is the end. */
function endWithProcess(child) {
  const end = () => child.kill();
  process.once('exit', end);
  child.once('close', () => process.off('exit', end));
}

/**
 * Lets the content of a post's own page end in its list, with any theme.
 *
 * The post itself is not touched: what is put into its content is kept in Hexo's database, shows in feeds and on the
 * front page, and an old post would never list a new one. The page is a copy, and asks when it is printed.
 */
function addToContent(locals, results) {
  const { page } = locals;
  if (!page || !page.__post) return locals;
  const copy = Object.create(Object.getPrototypeOf(page), Object.getOwnPropertyDescriptors(page));
  locals.page = Object.defineProperty(copy, 'content', {
    get: () => [page.content, results.partialOf(page)].filter(Boolean).join('\n'),
    configurable: true,
    enumerable: true
  });
  return locals;
}

function addStylesheet(hexo) {
  hexo.extend.generator.register('enishi_stylesheet', () => ({
    path: STYLESHEET,
    data: () => readFileSync(join(__dirname, '..', 'enishi.css'))
  }));
  const root = String(hexo.config.root || '/').replace(/\/?$/, '/');
  hexo.extend.injector.register('head_end', `<link rel="stylesheet" href="${root}${STYLESHEET}">`);
}
