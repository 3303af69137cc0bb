import { createContext, useContext } from 'react';

/** What the page of a post has of Enishi; null on every other page. */
export const RelatedContext = createContext(null);

/** `{ html, related }` of the post that is shown; `related` only with `inject: false`. */
export function useRelated() {
  return useContext(RelatedContext) ?? { html: '', related: [] };
}
