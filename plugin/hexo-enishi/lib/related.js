'use strict';

const { publishedPosts, sourceOf } = require('./manifest');

/**
 * Makes the helper that gives a theme Hexo's own posts.
 *
 * Each entry has `post` (Hexo's post), `score` (cosine similarity), `kind` ("similar", "pinned" or "translation") and
 * the reasons `shared_tags` and `shared_terms`. The other fields are finished strings, as the partial
 * `related.html.j2` takes them, so that `partial('_partial/related', {related: enishi_related(page)})` works.
 */
function relatedHelper(hexo, enishi) {
  const indexes = new WeakMap();

  /** The published posts by their path; made once a generation, as Hexo makes a new list for each. */
  function publishedByKey() {
    const query = hexo.locals.get('posts');
    if (!indexes.has(query)) {
      indexes.set(query, new Map(publishedPosts(hexo).map(post => [enishi.keyOf(sourceOf(hexo, post)), post])));
    }
    return indexes.get(query);
  }

  return function enishiRelated(post = this.page) {
    const published = publishedByKey();
    if (!post || !post.source) return [];
    return enishi.related(sourceOf(hexo, post))
      .filter(related => published.has(related.path)) // a post may have gone since the lists were made
      .map(related => entry(this, post, published.get(related.path), related));
  };
}

function entry(view, page, post, related) {
  const language = related.lang || languageOf(view.config);
  const other = sameLanguage(language, languageOf(page) || languageOf(view.config)) ? '' : language;
  return {
    post,
    score: related.score,
    kind: related.kind,
    path: related.path,
    title: String(post.title || related.title),
    url: view.url_for(post.path),
    date: related.date || '',
    date_text: related.date || '',
    lang: language,
    other_lang: other,
    lang_name: other && nameOf(other),
    shared_tags: related.shared_tags || [],
    shared_terms: related.shared_terms || []
  };
}

/** The language that a post, or the site, names (first). */
function languageOf({ lang, language }) {
  const named = [lang || language].flat()[0];
  return typeof named === 'string' ? named.replaceAll('_', '-') : '';
}

/** zh-TW and zh-CN are two languages to a reader; en and en-GB are one. */
function sameLanguage(one, other) {
  const [first, second] = [one.toLowerCase(), other.toLowerCase()];
  return first === second || (first.split('-')[0] === second.split('-')[0] && !first.startsWith('zh'));
}

/** A language's name in itself: 日本語, français. */
function nameOf(language) {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(language);
  } catch {
    return language;
  }
}

module.exports = { relatedHelper };
