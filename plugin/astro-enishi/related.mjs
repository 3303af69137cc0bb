/**
 * What a post is related to, best first, for markup of your own.
 * @param {object} post an entry of a collection
 * @param {object[]} posts all that may be shown: what `getCollection` gave
 * @returns {Promise<{post: object, score: number, kind: string, shared_tags: string[], shared_terms: string[]}[]>}
 */
export async function related(post, posts) {
  // A page that is rendered on demand, by a server without the integration, has none
  return (await globalThis[Symbol.for('astro-enishi')]?.related(post, posts)) ?? [];
}
