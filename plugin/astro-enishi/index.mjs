import { fileURLToPath } from 'node:url';
import { Build } from './lib/build.mjs';
import { Development } from './lib/development.mjs';
import { SITE } from './lib/site.mjs';
import shared from './shared/index.js';

const STYLES = 'virtual:astro-enishi.css';

/** The integration; `settings` are `command`, `strict` and `stylesheet`. */
export default function enishi(settings) {
  /** What pages are shown to: a whole build, or the development server. */
  let site;
  return {
    name: 'astro-enishi',
    hooks: {
      'astro:config:setup'({ config, command, updateConfig, logger }) {
        const log = Object.fromEntries(['info', 'warn'].map(level => [level, text => logger[level](plain(text))]));
        const root = fileURLToPath(config.root);
        const lists = new shared.Enishi({ root, settings, more: { stylesheet: true }, log });
        site = command === 'dev' ? new Development(lists) : new Build(lists);
        // Components run in this process, but are bundled with modules of their own
        globalThis[SITE] = site;
        updateConfig({
          vite: {
            plugins: [styles(lists)],
            server: { watch: { ignored: ['**/.enishi/**'] } }
          }
        });
      },
      'astro:config:done'({ config }) {
        site.config = config;
      },
      'astro:routes:resolved'({ routes }) {
        site.routes = routes;
      },
      'astro:server:setup'({ server }) {
        site.follow(server);
      },
      async 'astro:build:generated'({ dir }) {
        await site.finish(fileURLToPath(dir));
      }
    }
  };
}

/** The logger names us already. */
function plain(text) {
  return text.replace(/^enishi: /, '');
}

/** Makes what the component imports: the stylesheet, or an empty one. */
function styles(lists) {
  const name = `\0${STYLES}`;
  return {
    name: 'astro-enishi',
    resolveId: id => (id === STYLES ? name : undefined),
    load: id => (id === name ? (lists.settings.stylesheet ? lists.stylesheet : '') : undefined)
  };
}
