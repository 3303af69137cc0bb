/** Where components find the site that they belong to. */
export const SITE = Symbol.for('astro-enishi');

/** What a build and the development server have in common: which file a page shows, and its address. */
export class Site {
  constructor(lists) {
    this.lists = lists;
    /** Set by the hooks of Astro. */
    this.config = null;
    this.routes = [];
  }

  /**
   * The file of a post.
   * @param {object | string | undefined} post an entry of a collection, or a path; without one, the page's own file
   * @param {string} pattern of the page's route
   */
  sourceOf(post, pattern) {
    if (typeof post === 'string' && post) return this.lists.keyOf(post);
    if (isEntry(post)) return this.lists.keyOf(post.filePath);
    const route = post == null && this.routes.find(one => one.pattern === pattern && isPost(one));
    if (route) return this.lists.keyOf(route.entrypoint);
    this.lists.tell(post == null
      ? `<Related /> in the route ${pattern} needs the post that it shows: <Related post={post} />`
      : `<Related /> in the route ${pattern} was given something else than a collection's entry with a file`);
    return null;
  }

  /** What a post is related to among `posts`, whose addresses their author makes. */
  async related(post, posts) {
    const entries = new Map(posts.filter(isEntry).map(one => [this.lists.keyOf(one.filePath), one]));
    await this.list(() => this.lists.update([...entries].map(([source, { data }]) => this.entry(source, '', data))));
    return this.lists.related(this.sourceOf(post, ''))
      .filter(({ path }) => entries.has(path))
      .map(({ path, score, kind, shared_tags = [], shared_terms = [] }) =>
        ({ post: entries.get(path), score, kind, shared_tags, shared_terms }));
  }

  /** What Enishi is told of a post. */
  entry(source, url, data = {}) {
    const entry = { source, published: data.draft !== true };
    if (url) entry.url = url;
    if (typeof data.title === 'string' && data.title.trim()) entry.title = data.title;
    const lang = typeof data.lang === 'string' ? data.lang : url && this.localeOf(url);
    if (lang) entry.lang = lang;
    return entry;
  }

  /** The address of a page on its host, by its file in the finished site: `blog/a/index.html`. */
  addressOf(file) {
    const { base, trailingSlash } = this.config;
    const path = file.replace(/(^|\/)index\.html$/, '$1').split('/').map(encodeURIComponent).join('/');
    const address = base.replace(/\/?$/, '/') + path;
    return trailingSlash === 'never' ? address.replace(/(?<=.)\/$|\.html$/, '') : address;
  }

  /** The language whose folder the address begins with, else the site's. */
  localeOf(url) {
    const { base, i18n } = this.config;
    if (!i18n) return '';
    const [first] = url.slice(base.replace(/\/?$/, '/').length).split('/');
    const found = i18n.locales.find(locale => (locale.path ?? locale) === first) ?? i18n.defaultLocale;
    return found.codes ? found.codes[0] : found;
  }
}

export function isEntry(value) {
  return typeof value?.filePath === 'string' && typeof value.collection === 'string';
}

/** Whether the route is a page with an address of its own, which a file in `src/pages` is. */
export function isPost(route) {
  return route.type === 'page' && route.pathname !== undefined && /\.(astro|mdx?|markdown|html)$/.test(route.entrypoint);
}
