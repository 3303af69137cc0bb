import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isEntry, isPost, Site } from './site.mjs';

const COMPONENT = pathOf('../Related.astro', import.meta.url);

/**
 * The development server, which makes each page when it is asked for. So the routes are asked which pages there are,
 * as Astro itself does: a page whose properties hold an entry of a collection is that post's page.
 */
export class Development extends Site {
  constructor(lists) {
    super(lists);
    lists.serves = true;
    this.isStale = true;
  }

  follow(server) {
    this.server = server;
    const pages = pathOf('pages/', this.config.srcDir);
    // Astro writes the store once it has read an entry that was saved
    server.watcher.on('all', (_, path) => {
      if (basename(path) === 'data-store.json' || path.replaceAll('\\', '/').startsWith(pages)) this.isStale = true;
    });
  }

  async show(astro, post) {
    const source = this.sourceOf(post, astro.routePattern);
    if (source === null) return '';
    await this.list(() => this.update(), () => this.lists.html(source));
    return this.lists.html(source);
  }

  /** After an edit, find what is related anew. The edit is shown at once; what `shown` gives, as soon as it is new. */
  async list(update, shown = () => '') {
    if (!this.isStale) return;
    this.isStale = false;
    const before = shown();
    const updated = update();
    if (!this.lists.exists) await updated;
    else updated.then(() => shown() !== before && this.server.ws.send({ type: 'full-reload' }));
  }

  async update() {
    const posts = new Map();
    for (const route of this.routes.filter(one => one.type === 'page')) {
      for (const [source, path, data] of await this.pagesOf(route)) {
        const url = this.addressOf(this.fileOf(path, route));
        if (!posts.has(source)) posts.set(source, this.entry(source, url, data));
      }
    }
    await this.lists.update([...posts.values()]);
  }

  /** Source, path and data of each page of a route that is the page of a post. */
  async pagesOf(route) {
    if (!isPost(route) && (route.pathname !== undefined || !route.isPrerendered)) return [];
    try {
      const file = pathOf(route.entrypoint, this.config.root);
      const { getStaticPaths } = await this.load(file);
      if (!this.showsLists(file)) return [];
      if (isPost(route)) return [[this.lists.keyOf(route.entrypoint), route.pathname]];
      const paths = await getStaticPaths({ paginate: () => [], routePattern: route.pattern });
      return paths.flat().flatMap(({ params, props }) => {
        const post = [props, ...Object.values(props ?? {})].find(isEntry);
        return post ? [[this.lists.keyOf(post.filePath), route.generate(asText(params)), post.data]] : [];
      });
    } catch {
      return []; // Astro says what is wrong with a route when one of its pages is asked for
    }
  }

  /** A module as the pages have it, which see each edit: Astro 6 and newer load them by the runner of Vite. */
  load(file) {
    const { runner } = this.server.environments.ssr;
    const isLoadedByRunner = runner?.evaluatedModules.getModulesByFile(COMPONENT)?.size;
    return isLoadedByRunner ? runner.import(file) : this.server.ssrLoadModule(file);
  }

  /** Whether the component is among what a page imports, or what that imports. */
  showsLists(file) {
    const found = new Set(this.server.environments.ssr.moduleGraph.getModulesByFile(file));
    for (const module of found) module.importedModules.forEach(imported => found.add(imported));
    return [...found].some(module => module.file === COMPONENT);
  }

  /** The file that a build would make of a page. */
  fileOf(path, route) {
    const name = decodeURIComponent(path).replace(/^\/|\/$/g, '');
    const { format } = this.config.build;
    const isFolder = !name || format === 'directory' || (format === 'preserve' && /\/index\.\w+$/.test(route.entrypoint));
    return isFolder ? `${name}/index.html`.replace(/^\//, '') : `${name}.html`;
  }
}

/** A parameter may be a number; none is left out. */
function asText(params) {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value).replace(/^\/|\/$/g, '')]));
}

/** A file as Vite names it. */
function pathOf(name, base) {
  return fileURLToPath(new URL(name, base)).replaceAll('\\', '/');
}
