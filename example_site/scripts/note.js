'use strict';

// {% note LEVEL %} … {% endnote %}: a boxed remark, its content written in markdown.
// One of the posts ("Hexo のタグプラグインを使い分ける") is about tags like this one.
const LEVELS = new Set(['info', 'tip', 'warning']);

hexo.extend.tag.register('note', async ([level], content) => {
  const name = LEVELS.has(level) ? level : 'info';
  const html = await hexo.render.render({ text: content, engine: 'markdown' });
  return `<aside class="note note-${name}">${html}</aside>`;
}, { ends: true, async: true });
