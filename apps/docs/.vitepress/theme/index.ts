// The default theme without its fonts, which weigh more than the pages, and with what pages show live.
import { useRoute, type Theme } from 'vitepress';
import { nextTick, onMounted, watch } from 'vue';
import theme from 'vitepress/theme-without-fonts';
import CertificateLab from './certificate-lab.vue';
import './style.css';

export default {
  extends: theme,
  setup() {
    // The theme's front page has no main part.
    const route = useRoute();
    const mark = () => document.querySelector('.VPContent.is-home')?.setAttribute('role', 'main');
    onMounted(mark);
    watch(
      () => route.path,
      () => nextTick(mark),
    );
  },
  enhanceApp: ({ app }) => {
    app.component('CertificateLab', CertificateLab);
  },
} satisfies Theme;
