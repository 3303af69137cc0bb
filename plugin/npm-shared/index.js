'use strict';

const { readFileSync } = require('fs');
const { isAbsolute, join, normalize, relative } = require('path');
const { runFirst } = require('./command');
const { Results } = require('./results');
const { readSettings } = require('./settings');

/** Enishi beside a generator: it is given the generator's own list of posts, and gives a finished list for each. */
class Enishi {
  /**
   * @param {object} options
   * @param {string} options.root the site's folder
   * @param {object} [options.settings] as the author wrote them: `command`, `strict` and what `more` has
   * @param {object} [options.more] further settings with their defaults; true, false or null
   * @param {string} [options.place] what stands before a setting's name in messages: `enishi.hexo.`
   * @param {{info: Function, warn: Function}} [options.log]
   */
  constructor({ root, settings, more = {}, place = '', log = console }) {
    this.root = root;
    this.place = place;
    this.log = log;
    this.told = new Set();
    this.settings = readSettings(settings, more, place, message => this.tell(message));
    this.results = new Results(root);
    this.running = Promise.resolve();
    this.waiting = null;
    this.begun = null;
  }

  /** Whether pages are made for their author, again and again, as in a development server. */
  get serves() {
    return this.results.follows;
  }

  set serves(does) {
    this.results.follows = does;
  }

  /** Whether there are lists, of this build or of an earlier one. */
  get exists() {
    return this.results.exists;
  }

  /** The optional stylesheet. */
  get stylesheet() {
    return readFileSync(join(__dirname, 'enishi.css'), 'utf8');
  }

  /** Where Enishi keeps a post: its path from the site's folder, in the one normal form of Unicode. */
  keyOf(path) {
    const fromRoot = isAbsolute(path) ? relative(this.root, path) : normalize(path);
    return fromRoot.replaceAll('\\', '/').normalize('NFC');
  }

  /** The HTML of the list of the post at `path`, or nothing. */
  html(path) {
    return this.results.html(this.keyOf(path));
  }

  /** The entries of related.json of the post at `path`, best first. */
  related(path) {
    return this.results.related(this.keyOf(path));
  }

  /**
   * Bring the lists up to date. One run at a time; all who come meanwhile are served by one more, with the last list.
   *
   * A failure is told once, and the last lists stay; a strict build fails with it, unless it serves and has lists.
   * @param {{source: string, url: string, title?: string, date?: string, tags?: string[], categories?: string[][],
   *   lang?: string, published?: boolean}[]} posts the published ones, in any order; `source` is the file's path, from
   *   the site's folder or absolute, and `url` the page's whole path on its host
   */
  update(posts) {
    this.readLast();
    this.posts = posts;
    this.waiting ??= this.running.catch(() => {}).then(() => {
      this.running = this.waiting;
      this.waiting = null;
      return this.tryToBuild(this.posts);
    });
    return this.waiting;
  }

  /** Start the first run before its posts are known: Enishi reads their files meanwhile. */
  begin() {
    let give;
    const result = this.run(new Promise(fulfil => { give = fulfil; }));
    result.catch(() => {}); // the update hears of it
    this.begun = { give, result };
  }

  readLast() {
    try {
      if (!this.exists) this.results.load();
    } catch (error) {
      this.tell(error.message); // the run that follows writes it anew
    }
  }

  async tryToBuild(posts) {
    if (this.serves && this.exists && this.results.areWatched) return;
    try {
      await this.build(posts);
    } catch (error) {
      if (this.isStrict && !(this.serves && this.exists)) throw this.withAdvice(error);
      const left = this.exists ? 'The lists are those of the last time.' : 'There are no lists of related posts.';
      this.tell(`${error.message}\n${left}`);
    }
  }

  async build(posts) {
    const started = Date.now();
    const entries = posts.map(post => ({ ...post, source: this.keyOf(post.source) }));
    // Generators read files side by side; in one order, Enishi sees that nothing has changed.
    entries.sort((one, other) => (one.source < other.source ? -1 : 1));
    const input = JSON.stringify({ version: 1, posts: entries });
    const { begun } = this;
    this.begun = null;
    if (begun) begun.give(input);
    const said = await (begun ? begun.result : this.run(input));
    if (said.trim() && this.log.debug) this.log.debug(`enishi: ${said.trim()}`);
    if (!this.results.load()) throw new Error('Enishi ended without a word, and without a result');
    this.log.info(`enishi: related posts are up to date (${Date.now() - started} ms)`);
  }

  run(input) {
    return runFirst(this.settings.command, ['build', this.root, '--manifest', '-', '--quiet'], {
      cwd: this.root,
      input,
      setting: `${this.place}command`,
      onStart: (child, command, isFallback) => {
        endWithProcess(child);
        if (isFallback) this.tell(`Enishi is not installed here; \`${command.join(' ')}\` is run instead`, 'info');
      }
    });
  }

  get isStrict() {
    return this.settings.strict ?? inCI();
  }

  withAdvice(error) {
    const advice = `As CI is set, this ends the build. \`${this.place}strict: false\` lets it go on without new lists.`;
    return new Error(`enishi: ${error.message}${this.settings.strict === null ? `\n${advice}` : ''}`);
  }

  /** Says a thing once: the same failure at each edit is no news. */
  tell(message, level = 'warn') {
    if (!this.told.has(message)) this.log[level](`enishi: ${message}`);
    this.told.add(message);
  }
}

function inCI() {
  return !['', '0', 'false'].includes((process.env.CI || '').toLowerCase());
}

/** A development server that is ended leaves nothing running. */
function endWithProcess(child) {
  const end = () => child.kill();
  process.once('exit', end);
  child.once('close', () => process.off('exit', end));
}

module.exports = { Enishi };
