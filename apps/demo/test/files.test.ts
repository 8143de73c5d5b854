// Files of the visitor's own in a real Chromium: MNIST, CIFAR and folders, dropped or chosen, train; bad ones are told
// apart in words.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cifarFiles, mnistFiles, writePictures, type TestFile } from './files.js';
import { serve, type StaticServer } from './server.js';
import { siteFolder } from './site.js';
import { launch, skipReason, untilPhase, visit } from './visit.js';

/** Drops files as a file manager does: by a trusted drag event that Chromium makes of paths. */
async function drop(page: Page, paths: readonly string[]): Promise<void> {
  await page.locator('.drop').scrollIntoViewIfNeeded();
  const box = (await page.locator('.drop').boundingBox())!;
  const client = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', {
      type,
      x: box.x + box.width / 2,
      y: box.y + 8,
      data: { items: [], files: [...paths], dragOperationsMask: 1 },
    });
}

async function openFiles(page: Page, epochs = 2, model = 'mlp'): Promise<void> {
  await page.locator('select[name=data]').selectOption('files');
  await page.locator('select[name=model]').selectOption(model);
  await page.locator('input[name=epochs]').fill(String(epochs));
  await page.getByText('More settings').click();
  await page.locator('input[name=batchSize]').fill('20');
  if (model === 'cnn') await page.locator('input[name=width]').fill('0.25');
}

const start = (page: Page): Promise<void> => page.getByRole('button', { name: 'Start training' }).click();

/** The error that the page shows. */
async function failure(page: Page): Promise<string> {
  const alert = page.getByRole('alert');
  await alert.waitFor();
  return alert.innerText();
}

async function accuracy(page: Page): Promise<number> {
  await untilPhase(page, 'done');
  return Number(await page.getByTestId('result').getAttribute('data-accuracy'));
}

describe.skipIf(skipReason)(`files of one’s own ${skipReason ?? ''}`, () => {
  let browser: Browser;
  let server: StaticServer;
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-demo-'));
  const onDisk = (name: string, files: readonly TestFile[]): string[] => {
    mkdirSync(join(folder, name), { recursive: true });
    return files.map(({ name: title, buffer }) => {
      const path = join(folder, name, title);
      writeFileSync(path, buffer);
      return path;
    });
  };
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), serve(siteFolder)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['plain', false],
    ['gzip', true],
  ])('trains on the four MNIST files, %s, dropped', async (name, gzip) => {
    const { page, end } = await visit(browser, server, '#train');
    await openFiles(page, 12);
    await drop(page, onDisk(name, mnistFiles({ gzip })));
    await page.getByText(/4 files: train-images-idx3-ubyte/).waitFor();
    await start(page);
    expect(await accuracy(page)).toBeGreaterThan(0.9);
    expect(await page.getByTestId('result').innerText()).toMatch(/the same 60 test images/);
    await end();
  });

  it('trains on CIFAR-10 batches, chosen by the button', async () => {
    const { page, end } = await visit(browser, server, '#train');
    await openFiles(page, 20, 'cnn');
    await page.locator('.drop input:not([webkitdirectory])').setInputFiles(cifarFiles());
    await page.getByText(/4 files: data_batch_1\.bin/).waitFor();
    await start(page);
    expect(await accuracy(page)).toBeGreaterThan(0.9);
    expect(await page.getByTestId('result').innerText()).toMatch(/the same 40 test images/);
    await end();
  });

  it('trains on a dropped folder with a subfolder of pictures for each class', async () => {
    const { page, end } = await visit(browser, server, '#train');
    writePictures(join(folder, 'pictures'));
    await openFiles(page, 30, 'cnn');
    await drop(page, [join(folder, 'pictures')]);
    await page.getByText(/40 files: pictures\/(left|right)\//).waitFor();
    await start(page);
    expect(await accuracy(page)).toBe(1);
    expect(await page.getByTestId('result').innerText()).toMatch(/the same 8 test images/);
    await end();
  });

  it('says which file is wrong, and how', async () => {
    const { page, end } = await visit(browser, server, '#train');
    await openFiles(page);
    const good = mnistFiles({ gzip: true });
    const [images, labels] = mnistFiles();
    const change = (bytes: Buffer, at: number, value: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[at < 0 ? bytes.length + at : at] = value;
      return copy;
    };
    const replaced = (name: string, buffer: Buffer): TestFile[] => [
      ...mnistFiles().filter((file) => file.name !== name),
      { name, mimeType: '', buffer },
    ];
    const [batch, ...batches] = cifarFiles();
    const cases: readonly (readonly [TestFile[], RegExp])[] = [
      [good.slice(0, 3), /expected the four MNIST files/],
      [
        replaced(images!.name, images!.buffer.subarray(0, 5000)),
        /train-images-idx3-ubyte.*(ends|truncated|bytes)/s,
      ],
      [replaced(images!.name, change(images!.buffer, 2, 0x0d)), /train-images-idx3-ubyte.*float32/s],
      [
        replaced(labels!.name, change(labels!.buffer, 9, 77)),
        /train-labels-idx1-ubyte.*label of image 1.*77/s,
      ],
      [
        [{ ...good[0]!, buffer: change(good[0]!.buffer, -6, 1) }, ...good.slice(1)],
        /train-images-idx3-ubyte\.gz/,
      ],
      [[{ ...batch!, buffer: batch!.buffer.subarray(0, 5000) }, ...batches], /data_batch_1\.bin/],
      [batches.slice(0, 1), /expected the four MNIST files.*CIFAR-10/s],
      [[{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }], /notes\.txt/],
      [
        ['a/1.png', 'b/2.png'].map((name) => ({
          name,
          mimeType: 'image/png',
          buffer: Buffer.from('no png'),
        })),
        /a\/1\.png.*picture/s,
      ],
    ];
    for (const [files, message] of cases) {
      await page.evaluate(
        (list) => {
          const transfer = new DataTransfer();
          for (const [name, text] of list)
            transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
          const input = document.querySelector<HTMLInputElement>('.drop input')!;
          input.files = transfer.files;
          input.dispatchEvent(new Event('change', { bubbles: true }));
        },
        files.map(({ name, buffer }) => [name, buffer.toString('base64')] as const),
      );
      await start(page);
      expect(await failure(page)).toMatch(message);
      expect(await page.getByRole('button', { name: 'Start training' }).isEnabled()).toBe(true);
    }
    await end();
  });
});
