// <bitgrad-classify src="model.bitgrad">: a picture is chosen, dropped or put inside, and its classes are shown.
import { checkOptions, failureOf, option, reasonOf } from '@bitgrad/bits';
import type { LoadOptions } from '@bitgrad/runtime';
import { loadModel, type Classification, type Classifier } from './load-model.js';
import type { Picture } from './pixels.js';

const failure = failureOf('classify');

/** Options of {@link createClassifierElement}. */
export interface ClassifierElementOptions {
  /** Name of the element; default `bitgrad-classify`. */
  readonly name?: string;
  /** How its models are loaded: `engine`, `threads`, `limits`. */
  readonly load?: LoadOptions;
}

/**
 * The element. Attributes: `src`, the address of the model; `top`, how many classes are shown (3). An `img`, `video` or
 * `canvas` inside is classified when the model is there, and by `classify()`. Events that bubble: `bitgrad-result`, whose
 * `detail` is `{ classes, ms }`, and `bitgrad-error`, whose `detail` is the error.
 */
export interface ClassifierElement extends HTMLElement {
  /** The model of `src`; rejects with what stands in its way. */
  readonly model: Promise<Classifier>;
  /** Classifies and shows a picture: the one given, or the one inside. */
  classify(picture?: Picture): Promise<readonly Classification[]>;
}

const style = `
  :host { display: block; font: inherit; max-width: 24rem }
  label { display: block; padding: .75rem; border: 1px dashed currentColor; border-radius: .5rem; text-align: center; cursor: pointer }
  label:focus-within { outline: 2px solid Highlight }
  input { position: absolute; opacity: 0; width: 1px; height: 1px }
  ol { list-style: none; padding: 0; margin: .5rem 0 0 }
  li { display: grid; grid-template-columns: 1fr auto; padding: .15rem 0 }
  progress { grid-column: 1 / -1; width: 100%; height: .4rem }
  [hidden] { display: none }
`;
const markup = `<style>${style}</style><slot></slot>
  <label><input type="file" accept="image/*"><span>Choose or drop a picture</span></label>
  <ol aria-live="polite"></ol><p role="alert" hidden></p>`;

function show(list: Element, classes: readonly Classification[]): void {
  list.replaceChildren(
    ...classes.map(({ label, probability }) => {
      const item = document.createElement('li');
      const bar = Object.assign(document.createElement('progress'), { max: 1, value: probability });
      bar.setAttribute('aria-hidden', 'true');
      const [name, share] = [document.createElement('span'), document.createElement('span')];
      name.textContent = label;
      share.textContent = `${(probability * 100).toFixed(1)} %`;
      item.append(name, share, bar);
      return item;
    }),
  );
}

/** Files that a visitor chooses or drops. */
function onFile(host: HTMLElement, root: ShadowRoot, take: (file: File) => void): void {
  const input = root.querySelector('input')!;
  const given = (files: FileList | null | undefined): void => {
    if (files?.[0]) take(files[0]);
  };
  input.addEventListener('change', () => given(input.files));
  host.addEventListener('dragover', (event) => event.preventDefault());
  host.addEventListener('drop', (event) => {
    event.preventDefault();
    given(event.dataTransfer?.files);
  });
}

type Inside = HTMLImageElement | HTMLVideoElement | HTMLCanvasElement;
const inside = (host: HTMLElement): Inside | null => host.querySelector<Inside>('img, video, canvas');

/** Shows what went wrong, or, without an error, that nothing did. */
function alertOf(root: ShadowRoot, error?: unknown): void {
  const alert = root.querySelector<HTMLElement>('[role=alert]')!;
  alert.hidden = error === undefined;
  alert.textContent = error === undefined ? '' : reasonOf(error);
}

const openModel = (src: string | null, load: LoadOptions): Promise<Classifier> =>
  src
    ? loadModel(new URL(src, document.baseURI), load)
    : Promise.reject(
        failure('invalid-option', { what: 'attribute src', expected: 'the address of a model' }),
      );

/** The class is made where there is an HTMLElement to extend. */
function elementClass(load: LoadOptions): CustomElementConstructor & (new () => ClassifierElement) {
  return class extends HTMLElement implements ClassifierElement {
    static readonly observedAttributes = ['src'];
    #root = this.attachShadow({ mode: 'open' });
    #model: Promise<Classifier> | undefined;

    constructor() {
      super();
      this.#root.innerHTML = markup;
      // What goes wrong is shown.
      onFile(this, this.#root, (file) => void this.classify(file).catch(() => undefined));
      const hide = (): void => void (this.#root.querySelector('label')!.hidden = inside(this) !== null);
      this.#root.querySelector('slot')!.addEventListener('slotchange', hide);
    }

    get model(): Promise<Classifier> {
      return (this.#model ??= openModel(this.getAttribute('src'), load));
    }

    attributeChangedCallback(): void {
      this.disconnectedCallback();
      if (this.isConnected) this.connectedCallback();
    }

    connectedCallback(): void {
      if (this.getAttribute('src') === null) return;
      // What is inside may come after the opening tag, so it is looked for when the model is there.
      const first = (): unknown => inside(this) && this.classify();
      this.model.then(first, (error: unknown) => this.#fail(error)).catch(() => undefined);
    }

    disconnectedCallback(): void {
      this.#model?.then((model) => model.dispose()).catch(() => undefined);
      this.#model = undefined;
    }

    async classify(picture: Picture | null = inside(this)): Promise<readonly Classification[]> {
      try {
        if (!picture)
          throw failure('invalid-option', { what: 'picture of <bitgrad-classify>', got: 'none', expected: 'one given, or an img, video or canvas inside' }); // prettier-ignore
        const model = await this.model;
        const start = performance.now();
        const classes = await model.classify(picture, { top: Number(this.getAttribute('top') ?? 3) });
        const ms = performance.now() - start;
        alertOf(this.#root);
        show(this.#root.querySelector('ol')!, classes);
        this.#tell('bitgrad-result', { classes, ms });
        return classes;
      } catch (error) {
        this.#fail(error);
        throw error;
      }
    }

    #tell(name: string, detail: unknown): void {
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    }

    #fail(error: unknown): void {
      alertOf(this.#root, error);
      this.#tell('bitgrad-error', error);
    }
  };
}

/**
 * Registers the element, once for each name, and gives its class.
 * @throws BitgradError `backend-unavailable` where there is no DOM; `duplicate-name` for one that is another element's;
 *   `invalid-option`
 */
export function createClassifierElement(options: ClassifierElementOptions = {}): new () => ClassifierElement {
  const { name = 'bitgrad-classify', load = {} } = checkOptions(
    'classify',
    'createClassifierElement',
    options,
    {
      name: option.of(
        'a name with a hyphen, in lower case',
        (v) => typeof v === 'string' && /^[a-z][\w.]*-[\w.-]*$/.test(v),
      ),
      load: option.object,
    },
  );
  if (typeof customElements === 'undefined')
    throw failure('backend-unavailable', { what: 'there are no elements here: this is no page' });
  const known = made.get(name);
  if (known) return known;
  if (customElements.get(name)) throw failure('duplicate-name', { what: 'element', got: name });
  const element = elementClass(load);
  customElements.define(name, element);
  made.set(name, element);
  return element;
}

const made = new Map<string, new () => ClassifierElement>();
