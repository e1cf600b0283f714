/** Headless Chromium for tests: finds it, opens pages, and notes whatever should not happen in them. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

/** Names of programs that are Chromium. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where Chromium is; undefined where there is none, so that tests can skip. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Tests share the computer with others: they wait for what must come, not for a time, ms. */
const PATIENCE_MS = 600_000;

/** Starts Chromium. Its sandbox needs rights that containers do not give. */
export function launch(executablePath: string): Promise<Browser> {
  return puppeteer.launch({
    executablePath,
    protocolTimeout: PATIENCE_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** A page, and what went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings on the console, exceptions, and requests to anywhere else. */
  readonly troubles: readonly string[];
}

/** Opens an address. */
export async function open(
  browser: Browser,
  url: string,
  scheme: 'light' | 'dark' = 'light',
): Promise<OpenPage> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    const target = request.url();
    const isOwn = /^(data|blob):/.test(target) || new URL(target).host === new URL(url).host;
    if (!isOwn) troubles.push(`request to ${target}`);
  });
  await page.setViewport({ width: 1300, height: 850 });
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  await page.goto(url);
  return { page, troubles };
}

/** What axe finds wrong with a page, a line each. */
export async function inaccessible(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // A policy of the page that forbids more scripts does not hold for those of the debugger.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}

/** The text of an element. */
export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? '');
}

/** Waits until the text of an element matches. */
export async function untilText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    (wanted, source) => new RegExp(source).test(document.querySelector(wanted)?.textContent ?? ''),
    {},
    selector,
    pattern.source,
  );
}

/** Pixels of the machine's picture that have a colour of the style sheet, nearly. */
export function pixelsOf(page: Page, variable: string): Promise<number> {
  return page.evaluate(async (name) => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const probe = document.createElement('i');
    document.body.append(probe);
    probe.style.color = `var(--${name})`;
    const wanted = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number);
    probe.remove();
    const canvas = document.getElementById('machine') as HTMLCanvasElement;
    // A copy to read from, since reading changes how a canvas is drawn.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {
      willReadFrequently: true,
    }) as OffscreenCanvasRenderingContext2D;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (wanted.every((part, index) => Math.abs((data[at + index] as number) - part) < 4)) count++;
    }
    return count;
  }, variable);
}
