export interface RelatedPost<Entry> {
  post: Entry;
  /** How close the two posts are: cosine similarity, at most 1. */
  score: number;
  kind: 'similar' | 'pinned' | 'translation';
  /** Why: tags and words of both posts. */
  shared_tags: string[];
  shared_terms: string[];
}

export function related<Entry>(post: Entry, posts: readonly Entry[]): Promise<RelatedPost<Entry>[]>;
