'use strict';

const { readFileSync, statSync } = require('fs');
const { join } = require('path');

const FOLDER = '.enishi';
const VERSION = 1;
/** Of a related.json that only names the files of its posts. */
const SHARDED = 2;
const SHARD_NAME = /^related\/[0-9a-f]{2}\.json$/;
/** `enishi watch` renews its sign every five seconds. */
const SIGN = 'watch.json';
const SIGN_LASTS = 20_000;
const PARTIAL_NAME = /^[0-9a-f]{32}\.html$/;

/** What Enishi wrote last, read when it is asked for: a development server makes a page long after the build. */
class Results {
  /** @param {string} root the site's folder */
  constructor(root) {
    this.folder = join(root, FOLDER);
    this.posts = null;
    this.partials = new Map();
    this.stamp = '';
    /** In a development server: whether to look for a newer result each time, which somebody else may have written. */
    this.follows = false;
  }

  /** Whether `enishi watch` is at work on this blog. */
  get areWatched() {
    try {
      return Math.abs(Date.now() - statSync(join(this.folder, SIGN)).mtimeMs) < SIGN_LASTS;
    } catch {
      return false;
    }
  }

  /** Read what is there if it is another file than before; one that cannot be used changes nothing. */
  refresh() {
    try {
      if (this.stampNow() !== this.stamp) this.load();
    } catch {
      // what was read before is kept; the next build says what is wrong
    }
  }

  /** Enishi's list of its files is written last, and another one whenever any of them is. */
  stampNow() {
    return ['related.json', 'manifest.json'].map(name => {
      const found = statSync(join(this.folder, name), { throwIfNoEntry: false });
      return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
    }).join();
  }

  /**
   * Read what is there now.
   * @returns {boolean} whether there is a result
   * @throws Error if it cannot be used; what was read before is kept
   */
  load() {
    let index;
    try {
      this.stamp = this.stampNow();
      index = this.read('related.json');
    } catch (error) {
      if (error.code === 'ENOENT') return this.exists;
      throw error;
    }
    const shards = index.version === SHARDED && Array.isArray(index.shards) ? index.shards : null;
    const files = shards ? shards.filter(name => SHARD_NAME.test(name)).map(name => this.read(name)) : [index];
    for (const { version, posts } of files) {
      if (version !== VERSION || !posts) {
        throw new Error(`${FOLDER}/related.json is of version ${version}; this package reads version ${VERSION}`);
      }
    }
    this.posts = new Map(files.flatMap(file => Object.entries(file.posts)));
    this.partials.clear();
    return true;
  }

  read(name) {
    return JSON.parse(readFileSync(join(this.folder, name), 'utf8'));
  }

  get exists() {
    return this.posts !== null;
  }

  /** The entries of related.json for the post with this key, best first. */
  related(key) {
    const found = this.find(key);
    return found ? found.related : [];
  }

  /** The HTML of the list below the post with this key, or nothing. */
  html(key) {
    const found = this.find(key);
    const name = found && found.partial;
    if (!name || !PARTIAL_NAME.test(name)) return '';
    if (!this.partials.has(name)) this.partials.set(name, this.readPartial(name));
    return this.partials.get(name);
  }

  find(key) {
    if (this.follows) this.refresh();
    return this.posts ? this.posts.get(key) : undefined;
  }

  readPartial(name) {
    try {
      return readFileSync(join(this.folder, 'partials', name), 'utf8');
    } catch {
      return ''; // just being replaced, or taken away by hand
    }
  }
}

module.exports = { Results };
