import { defineConfig } from 'vitepress';
import { diagrams, links, optionTables } from './markdown.ts';
import { anchorOf, noPages, pageOf, repository } from './pages.ts';
import { sidebar } from './sidebar.ts';

export default defineConfig({
  title: 'LEA',
  description: 'Offline reinforcement learning for sequential recommendation with a language model as the environment',
  srcDir: '..',
  srcExclude: noPages,
  rewrites: pageOf,
  cleanUrls: true,
  markdown: {
    anchor: { slugify: anchorOf },
    config(md) {
      diagrams(md);
      links(md);
      optionTables(md);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: repository }],
    nav: [
      { text: 'Guide', link: '/guide/first-policy' },
      { text: 'Concepts', link: '/architecture' },
      { text: 'API', link: '/api/' },
      { text: 'Results', link: '/results/' },
    ],
    sidebar,
  },
});
