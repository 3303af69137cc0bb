import type { AstroIntegration } from 'astro';

export interface Settings {
  /** How Enishi is started, such as `uvx enishi`; a path is meant from the site's folder. */
  command?: string | string[];
  /** Whether a failing Enishi ends the build. Default: where CI is set. */
  strict?: boolean;
  /** Whether pages with a list get Enishi's stylesheet. Default: true. */
  stylesheet?: boolean;
}

export default function enishi(settings?: Settings): AstroIntegration;
