import React from 'react';
import BlogPostPage from '@theme-init/BlogPostPage';
import { RelatedContext } from '../../client';

/** The page of a post, whose parts can ask for its list. */
export default function BlogPostPageWithRelated(props) {
  return (
    <RelatedContext.Provider value={props.content.enishi ?? null}>
      <BlogPostPage {...props} />
    </RelatedContext.Provider>
  );
}
