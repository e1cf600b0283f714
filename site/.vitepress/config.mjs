import { defineConfig } from 'vitepress';
import { copySources, repositoryLinks } from '../repository-links.mjs';
import { sidebar } from '../sidebar.mjs';

export default defineConfig({
  title: 'spin-tools',
  description: 'A SpiNNaker machine in software, and everything a host needs to drive a real one',
  srcDir: './collected',
  outDir: './dist',
  cacheDir: './.cache',
  metaChunk: true,
  markdown: { config: (markdown) => repositoryLinks(markdown) },
  buildEnd: ({ outDir }) => copySources(outDir),
  // One page holds a whole entry point.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorials', link: '/newcomer' },
      { text: 'Protocols', link: '/protocols/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: sidebar(),
  },
});
