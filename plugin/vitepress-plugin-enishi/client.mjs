import { useData } from 'vitepress';
import { computed, defineComponent, h, shallowReactive } from 'vue';

/** File of a page below VitePress's source folder -> its list; each page that is loaded puts its own there. */
export const lists = shallowReactive({});

if (import.meta.hot) {
  import.meta.hot.on('enishi', ({ page, data }) => { lists[page] = data; });
}

/** `{ html, related }` of the page that is shown; `related` only with `inject: false`. */
export function useRelated() {
  const { page } = useData();
  return computed(() => lists[page.value.filePath] ?? { html: '', related: [] });
}

/** The finished list of the page that is shown; nothing where there is none. */
export const EnishiRelated = defineComponent({
  name: 'EnishiRelated',
  setup() {
    const related = useRelated();
    return () => related.value.html && h('div', { class: 'enishi vp-doc', innerHTML: related.value.html });
  }
});

/** The default theme's VPDoc, with the list at the end of its content. */
export function withRelated(Doc) {
  return defineComponent({
    name: 'EnishiDoc',
    setup: (_, { slots }) => () => h(Doc, null, { ...slots, 'doc-after': () => [h(EnishiRelated), slots['doc-after']?.()] })
  });
}
