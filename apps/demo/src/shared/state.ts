// What the tabs share: where the visitor is, the theme, and the model that the Draw page runs.
import { effect, signal } from '@preact/signals';

/** The pages, in order, each with what it is for in two sentences. */
export const tabs = [
  {
    id: 'draw',
    label: 'Draw',
    intro:
      'Draw, and a network answers while you draw: its weights and activations are single bits. It runs in this page, and what you draw stays here.',
  },
  {
    id: 'train',
    label: 'Train',
    intro:
      'Train a network of one-bit weights in this tab, on digits drawn here or on pictures of yours: press Start training. What it has learnt is packed into one small file, to try in Draw and to keep.',
  },
  {
    id: 'quantizers',
    label: 'Quantizers',
    intro:
      'A quantizer turns numbers into bits on the way forward, and stands in a slope of its own on the way back. Here each pair of the two is drawn and tested for whether they belong together; you can write one yourself.',
  },
  {
    id: 'inspect',
    label: 'Inspect',
    intro:
      'Look inside a packed model file: its layers, their sizes, and each weight as one pixel. The file is checked and shown, and none of it is run.',
  },
  {
    id: 'listen',
    label: 'Listen',
    intro:
      'Say a digit, zero to nine: a network of one-bit weights hears it in this page, ten times a second. Or teach it words of your own in a minute or so; what is heard stays here.',
  },
  {
    id: 'zoo',
    label: 'Zoo',
    intro:
      'These networks are trained already, and come as a package: draw for one, or give it a picture. Its card says what it was trained on, how well it does, and what it cannot do.',
  },
] as const;

/** Identifies a page; also the fragment of its address. */
export type TabId = (typeof tabs)[number]['id'];

const fromHash = (): TabId => {
  const id = location.hash.slice(1);
  return tabs.find((tab) => tab.id === id)?.id ?? 'draw';
};

/** The page that is shown. */
export const tab = signal<TabId>(fromHash());
addEventListener('hashchange', () => (tab.value = fromHash()));

/** Goes to a page. */
export const goTo = (id: TabId): void => {
  location.hash = id;
};

/** A packed model and where it is from. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The model on the Draw page; null is the one that the demo ships with. */
export const drawFile = signal<ModelFile | null>(null);
/** The model on the Inspect page; null is the one on the Draw page. */
export const inspectFile = signal<ModelFile | null>(null);

/** Goes to the Inspect page with a model. */
export const lookInside = (file: ModelFile): void => {
  inspectFile.value = file;
  goTo('inspect');
};

/** Colours: those of the system, or the visitor's choice. */
export type Theme = 'auto' | 'light' | 'dark';

const isTheme = (x: unknown): x is Theme => x === 'auto' || x === 'light' || x === 'dark';
const stored = ((): unknown => {
  try {
    return localStorage.getItem('bitgrad-theme');
  } catch {
    return null; // Storage may be forbidden: then the choice lasts as long as the page.
  }
})();

/** The chosen theme. */
export const theme = signal<Theme>(isTheme(stored) ? stored : 'auto');
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(systemDark.matches);
systemDark.addEventListener('change', () => (systemIsDark.value = systemDark.matches));

/** True when the page is dark: canvases repaint when it changes. */
export const isDark = signal(false);
effect(() => {
  const { value } = theme;
  isDark.value = value === 'dark' || (value === 'auto' && systemIsDark.value);
  document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
  try {
    localStorage.setItem('bitgrad-theme', value);
  } catch {
    // As above.
  }
});

/** The shipped model, fetched once. */
let shipped: Promise<ModelFile> | undefined;
export const shippedModel = (): Promise<ModelFile> =>
  (shipped ??= fetch(new URL('digits.bitgrad', document.baseURI), { signal: AbortSignal.timeout(60_000) })
    .then((response) => {
      if (!response.ok) throw new Error(`The model could not be fetched: ${response.status}`);
      return response.arrayBuffer();
    })
    .then((buffer) => ({ name: 'digits.bitgrad', bytes: new Uint8Array(buffer) }))
    .catch((error: unknown) => {
      shipped = undefined;
      throw error;
    }));

/** An error in words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
