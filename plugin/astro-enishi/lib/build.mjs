import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Site } from './site.mjs';

/**
 * A whole build. While Astro makes its pages, each list is a mark, and the page that holds a post's mark is the post's
 * page: so its address is not reckoned, but read from the finished site. Then the lists take the places of the marks.
 */
export class Build extends Site {
  constructor(lists) {
    super(lists);
    /** Nobody can know it who writes a post. */
    this.secret = randomUUID();
    this.sources = [];
    this.data = new Map();
  }

  show(astro, post) {
    const source = this.sourceOf(post, astro.routePattern);
    if (source === null) return '';
    if (!this.data.has(source)) this.sources.push(source);
    this.data.set(source, post?.data);
    return `<!--${this.secret} ${this.sources.indexOf(source)}-->`;
  }

  /** Find what is related, once. */
  list(update) {
    return this.listed ??= update();
  }

  /** Put the lists into the pages in `folder`, the finished site. */
  async finish(folder) {
    const pages = await this.pagesIn(folder);
    const addresses = this.addresses(pages);
    if (addresses.size) {
      await this.lists.update([...addresses].map(([source, url]) => this.entry(source, url, this.data.get(source))));
    }
    for (const { file, text } of pages) {
      await writeFile(join(folder, file), text.replace(this.marks, (_, index) => this.lists.html(this.sources[index])));
    }
    const unread = [...addresses.keys()].filter(source => this.lists.exists && !this.lists.results.find(source));
    if (unread.length) {
      const more = unread.length > 1 ? ` and ${unread.length - 1} more` : '';
      this.lists.tell(`Enishi reads no folder with ${unread[0]}${more}, so there is no list. ` +
        'Name the folders of all posts in enishi.toml: posts = ["src/content"]');
    }
  }

  get marks() {
    return new RegExp(`<!--${this.secret} (\\d+)-->`, 'g');
  }

  /** The pages with marks, in one order. */
  async pagesIn(folder) {
    const pages = [];
    for (const name of (await readdir(folder, { recursive: true })).sort()) {
      if (!name.endsWith('.html')) continue;
      const text = await readFile(join(folder, name), 'utf8');
      const shown = new Set([...text.matchAll(this.marks)].map(([, index]) => this.sources[index]));
      if (shown.size) pages.push({ file: name, text, shown });
    }
    return pages;
  }

  /** Source -> address. A page of several posts is none's own; of several pages of one post, the shortest address counts. */
  addresses(pages) {
    const found = new Map();
    for (const { file, shown } of pages) {
      const [source] = shown;
      const url = this.addressOf(file.replaceAll('\\', '/'));
      if (shown.size === 1 && !(found.get(source)?.length <= url.length)) found.set(source, url);
    }
    return found;
  }
}
