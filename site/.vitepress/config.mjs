import { defineConfig } from 'vitepress';
import apiSidebar from '../pages/api/typedoc-sidebar.json' with { type: 'json' };
import { copySources, repositoryLinks } from '../repository-links.mjs';

export default defineConfig({
  title: 'spin-tools',
  description: 'A SpiNNaker machine in software, and everything a host needs to drive a real one',
  srcDir: './pages',
  outDir: './dist',
  cacheDir: './.cache',
  markdown: { config: (markdown) => repositoryLinks(markdown) },
  buildEnd: ({ outDir }) => copySources(outDir),
  themeConfig: { search: { provider: 'local' }, sidebar: { '/api/': [] } },
});
