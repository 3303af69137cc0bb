'use strict';

// Does every link of the finished blog lead to a page that is there?  Run after `hexo generate`, here and in CI:
//
//     node check-links.js [FOLDER [ROOT]]       (public, and the root of _config.yml: /)
//
// Related posts are counted, too: a blog without any would pass a check of links alone.

const { existsSync, readFileSync, readdirSync, statSync } = require('fs');
const { join } = require('path');

const [folder = join(__dirname, 'public'), root = '/'] = process.argv.slice(2);
const RELATED = /<(nav|section) class="enishi-related[\s\S]*?<\/\1>/g;

function pages(inside) {
  return readdirSync(inside, { withFileTypes: true }).flatMap(entry => {
    const path = join(inside, entry.name);
    if (entry.isDirectory()) return pages(path);
    return entry.name.endsWith('.html') ? [path] : [];
  });
}

function links(html) {
  return [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
}

/** The file behind an address of this blog; null for addresses elsewhere. */
function fileOf(link, page) {
  const path = page.slice(folder.length).replaceAll('\\', '/').replace(/[^/]*$/, '').replace(/^\/*/, root);
  const url = new URL(link, `http://here${path.split('/').map(encodeURIComponent).join('/')}`);
  if (url.host !== 'here' || !/^https?:$/.test(url.protocol)) return null;
  if (!url.pathname.startsWith(root)) return join(folder, '..', 'outside of the root');
  return join(folder, decodeURIComponent(url.pathname.slice(root.length)));
}

function leadsToAPage(link, page) {
  let file;
  try {
    file = fileOf(link, page);
  } catch {
    return false; // no address at all
  }
  if (file === null) return true;
  return existsSync(file) && (!statSync(file).isDirectory() || existsSync(join(file, 'index.html')));
}

/** Code shows links that are none. */
const withoutCode = html => html.replace(/<(pre|code)\b[\s\S]*?<\/\1>/g, '');

const all = pages(folder).map(page => ({ page, html: withoutCode(readFileSync(page, 'utf8')) }));
const related = all.flatMap(({ html }) => [...html.matchAll(RELATED)].map(([list]) => links(list).length));
const dead = all.flatMap(({ page, html }) =>
  links(html).filter(link => !leadsToAPage(link, page)).map(link => `${page.slice(folder.length)}: ${link}`));

for (const line of dead) console.error(`leads nowhere: ${line}`);
const total = related.reduce((sum, count) => sum + count, 0);
console.log(`${all.length} pages, ${related.length} with related posts (${total} links), ${dead.length} dead links`);
process.exitCode = dead.length > 0 || total === 0 ? 1 : 0;
