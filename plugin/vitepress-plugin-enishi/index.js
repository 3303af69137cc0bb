'use strict';

const { posix } = require('path');
const { postsOf, siteFolder } = require('./posts');
const { Enishi } = require('./shared');

const NAME = 'vitepress-plugin-enishi';
const CLIENT = `${NAME}/client`;
const HERE = __dirname.replaceAll('\\', '/'); // as Vite writes paths everywhere
const CLIENT_FILE = `${HERE}/client.mjs`;
const DOC = '\0enishi-doc';
/** Editors write a file in several steps. */
const MILLISECONDS_AFTER_EDIT = 200;
const NOTHING = JSON.stringify({ html: '' });

/** Plugins for Vite: `vite: { plugins: [enishi()] }` in VitePress's settings. */
module.exports = function vitepressPluginEnishi(settings) {
  let vitepress, enishi, ready, doc;
  /** Page -> what it was given last. */
  const given = new Map();

  const theme = {
    name: NAME,
    enforce: 'pre',

    config: () => ({
      optimizeDeps: { exclude: [NAME] }, // pages and list have to meet in one copy of the client's module
      ssr: { noExternal: [NAME] },
      server: { fs: { allow: [__dirname] }, watch: { ignored: ['**/.enishi/**'] } }
    }),

    configResolved(config) {
      ({ vitepress } = config);
      if (!vitepress) throw new Error(`${NAME}: this is no site of VitePress`);
      enishi ??= new Enishi({
        root: siteFolder(vitepress.root),
        settings,
        more: { inject: true, stylesheet: true },
        place: `${NAME}: `
      });
      enishi.serves = config.command === 'serve';
    },

    /** Once, though VitePress builds twice: for the browser, and for the HTML of the pages. */
    buildStart: () => (ready ??= enishi.update(postsOf(vitepress))),

    /** The default theme's part for a page of text gets the list at its end, in every theme that is made of it. */
    async resolveId(source, importer = '') {
      if (source === CLIENT) return CLIENT_FILE;
      const isDoc = source.endsWith('/VPDoc.vue') && importer.split('?')[0].endsWith('/VPContent.vue');
      if (!isDoc || !enishi.settings.inject) return null;
      doc = await this.resolve(source, importer, { skipSelf: true });
      return doc && DOC;
    },

    load(id) {
      if (id !== DOC) return null;
      return `import Doc from ${JSON.stringify(doc.id)};\nimport { withRelated } from '${CLIENT}';\n` +
        'export default withRelated(Doc);\n';
    },

    configureServer(server) {
      let timer;
      const update = () => updatePages(server).catch(error => vitepress.logger.error(error.message));
      server.watcher.on('all', (_, file) => {
        if (!file.endsWith('.md')) return;
        clearTimeout(timer);
        timer = setTimeout(update, MILLISECONDS_AFTER_EDIT);
      });
    }
  };

  /** A page brings its own list along, and no other: this comes after VitePress has made a module of it. */
  const pages = {
    name: `${NAME}:pages`,
    transform(code, id) {
      if (id === CLIENT_FILE && enishi.settings.stylesheet) return { code: styles() + code, map: null };
      const page = id.endsWith('.md') ? posix.relative(vitepress.srcDir, id) : '';
      if (!vitepress.pages.includes(page)) return null;
      const data = dataOf(page);
      given.set(page, data);
      if (data === NOTHING) return null;
      const more = `import { lists as enishi } from '${CLIENT}';\nenishi[${JSON.stringify(page)}] = ${data};\n`;
      return { code: `${code}\n${more}`, map: null };
    }
  };

  return [theme, pages];

  function fileOf(page) {
    return posix.join(vitepress.srcDir, page);
  }

  /** What a page needs, and no more: the finished list and, for an author's own markup, its entries. */
  function dataOf(page) {
    const file = fileOf(page);
    const related = enishi.settings.inject ? {} : { related: enishi.related(file) };
    return JSON.stringify({ html: outsideOfOutline(enishi.html(file)), ...related });
  }

  /** Tells the pages that are open in a browser which lists are others than before. */
  async function updatePages(server) {
    const listed = vitepress.pages;
    await enishi.update(postsOf(vitepress));
    for (const [page, before] of given) {
      const now = dataOf(page);
      if (now === before) continue;
      given.set(page, now);
      const modules = server.moduleGraph.getModulesByFile(fileOf(page)) ?? [];
      for (const module of modules) server.moduleGraph.invalidateModule(module);
      server.ws.send({ type: 'custom', event: 'enishi', data: { page, data: JSON.parse(now) } });
    }
    // A file came or went, and VitePress has found out only now.
    if (vitepress.pages !== listed) await updatePages(server);
  }
};

function styles() {
  return ['shared/enishi.css', 'style.css'].map(name => `import ${JSON.stringify(`${HERE}/${name}`)};\n`).join('');
}

/** VitePress lists every heading below the text that has an id; the list is named by its words instead. */
function outsideOfOutline(html) {
  return html.replace(/<(h[1-6])( class="enishi-heading")( id="[^"]*")([^>]*)>([^]*?)<\/\1>/,
    '<$1$2$4><span$3>$5</span></$1>');
}
