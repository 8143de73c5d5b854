// The frame: title, tabs, theme, and the page that is chosen. Pages other than Draw are loaded when they are opened.
import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { DrawTab } from './draw/draw-tab.js';
import { goTo, messageOf, tab, tabs, theme, type TabId, type Theme } from './shared/state.js';

const pages: Record<Exclude<TabId, 'draw'>, () => Promise<ComponentType>> = {
  train: () => import('./train/train-tab.js').then((module) => module.TrainTab),
  quantizers: () => import('./quantizers/quantizers-tab.js').then((module) => module.QuantizersTab),
  inspect: () => import('./inspect/inspect-tab.js').then((module) => module.InspectTab),
  listen: () => import('./listen/listen-tab.js').then((module) => module.ListenTab),
  zoo: () => import('./zoo/zoo-tab.js').then((module) => module.ZooTab),
};

const loaded = signal<Partial<Record<TabId, ComponentType>>>({ draw: DrawTab });
const failed = signal<string | null>(null);

async function load(id: TabId): Promise<void> {
  failed.value = null;
  if (id === 'draw' || loaded.value[id]) return;
  try {
    const page = await pages[id]();
    loaded.value = { ...loaded.value, [id]: page };
  } catch (error) {
    failed.value = messageOf(error);
  }
}

function Tabs() {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ id }) => id === tab.value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = (to + tabs.length) % tabs.length;
    goTo(tabs[index]!.id);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[index]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Pages" ref={list} onKeyDown={move}>
      {tabs.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={tab.value === id}
          aria-controls="page"
          tabIndex={tab.value === id ? 0 : -1}
          onClick={() => goTo(id)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function ThemeSwitch() {
  return (
    <label class="theme">
      <span class="visually-hidden">Colours</span>
      <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
        <option value="auto">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

/** The whole page. */
export function App() {
  const id = tab.value;
  useEffect(() => void load(id), [id]);
  const Page = loaded.value[id];
  const { intro } = tabs.find((each) => each.id === id)!;
  return (
    <>
      <header class="top">
        <h1>
          <svg class="logo" viewBox="0 0 18 18" aria-hidden="true">
            <rect width="8" height="8" rx="1.5" />
            <rect x="10" y="10" width="8" height="8" rx="1.5" />
            <rect x="10" width="8" height="8" rx="1.5" opacity=".35" />
            <rect y="10" width="8" height="8" rx="1.5" opacity=".35" />
          </svg>
          bitgrad
        </h1>
        <Tabs />
        <ThemeSwitch />
      </header>
      <main>
        <div id="page" role="tabpanel" aria-labelledby={`tab-${id}`}>
          <p class="intro">{intro}</p>
          {failed.value ? (
            <p class="error" role="alert">
              This page could not be loaded: {failed.value}{' '}
              <button type="button" onClick={() => void load(id)}>
                Try again
              </button>
            </p>
          ) : Page ? (
            <Page />
          ) : (
            <p class="loading">Loading…</p>
          )}
        </div>
      </main>
    </>
  );
}
