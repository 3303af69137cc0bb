import React from 'react';
import Footer from '@theme-init/BlogPostItem/Footer';
import EnishiRelated from '@theme/EnishiRelated';
import { useRelated } from '../../../client';

/** The end of a post and, on its own page, its list. */
export default function FooterWithRelated(props) {
  const isPlacedByAuthor = Boolean(useRelated().related);
  return (
    <>
      <Footer {...props} />
      {!isPlacedByAuthor && <EnishiRelated />}
    </>
  );
}
