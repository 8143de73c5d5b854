// The default theme without its fonts, which weigh more than the pages, and with what pages show live.
import { useData, useRoute, type Theme } from 'vitepress';
import { nextTick, onMounted, watch } from 'vue';
import theme from 'vitepress/theme-without-fonts';
import CertificateLab from './certificate-lab.vue';
import './style.css';

/** Pages that were opened work without a connection; see src/offline.ts. */
function keepOffline(base: string): void {
  if (import.meta.env.PROD && 'serviceWorker' in navigator)
    navigator.serviceWorker.register(`${base}sw.js`).catch(() => undefined);
}

/** The next page comes as a script: the page itself, and what it begins with, is kept as well for one who comes back offline. */
async function keepPage(path: string): Promise<void> {
  if (!navigator.serviceWorker?.controller) return;
  const html = await (await fetch(path)).text();
  const scripts = [...html.matchAll(/<link rel="modulepreload" href="([^"]+)"/g)];
  await Promise.all(scripts.map(([, script]) => fetch(script!)));
}

export default {
  extends: theme,
  setup() {
    // The theme's front page has no main part.
    const route = useRoute();
    const { site } = useData();
    const mark = () => document.querySelector('.VPContent.is-home')?.setAttribute('role', 'main');
    onMounted(() => {
      mark();
      keepOffline(site.value.base);
    });
    watch(
      () => route.path,
      () => {
        void nextTick(mark);
        void keepPage(location.pathname).catch(() => undefined);
      },
    );
  },
  enhanceApp: ({ app }) => {
    app.component('CertificateLab', CertificateLab);
  },
} satisfies Theme;
