import React from 'react';
import { useHistory } from '@docusaurus/router';
import { useRelated } from '../../client';

/** The finished list of the post that is shown; nothing where there is none. */
export default function EnishiRelated() {
  const history = useHistory();
  const { html } = useRelated();

  /** Goes to a post without loading the whole site again, as Docusaurus's own links do. */
  function follow(event) {
    const link = event.target.closest('a');
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !isPlain || link.origin !== window.location.origin) return;
    event.preventDefault();
    history.push(link.pathname);
  }

  return html ? <div onClick={follow} dangerouslySetInnerHTML={{ __html: html }} /> : null;
}
