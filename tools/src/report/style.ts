/** Colours and style sheet of the report, for light and dark screens. */

/**
 * Colours that people with any kind of colour vision can tell apart, without black and yellow, which
 * vanish on one of the two backgrounds. Source: M. Okabe and K. Ito, Color Universal Design, 2008.
 */
const LAYER_COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'] as const;

/** The colour of a layer by its position; repeats after six. */
export function layerColour(layer: number): string {
  return LAYER_COLOURS[layer % LAYER_COLOURS.length] as string;
}

/** A colour between calm and busy, `share` from 0 to 1; brightness alone tells the order. */
export function heatColour(share: number): string {
  return `color-mix(in oklab, var(--calm), var(--busy) ${Math.round(share * 100)}%)`;
}

/** The page's style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --faint: #5b6570; --paper: #fff; --panel: #f4f6f8; --line: #cfd6dd;
  --calm: #c8dbe8; --busy: #08306b; --curve: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8ebee; --faint: #a3adb7; --paper: #14171a; --panel: #1e2327; --line: #3b444c;
    --calm: #2b3d4d; --busy: #ffe68a; --curve: #56b4e9;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 68rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.7rem; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .75rem; margin: 1rem 0 0; }
.figures div { padding: .6rem .8rem; border-radius: .5rem; background: var(--panel); }
.figures dt { color: var(--faint); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem; align-items: start; }
figure { margin: 0; }
figcaption { color: var(--faint); font-size: .9rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--faint); font: 12px system-ui, sans-serif; }
svg text.small { font-size: 9px; }
svg .grid { stroke: var(--line); fill: none; }
svg .curve { stroke: var(--curve); stroke-width: 2.5; fill: none; }
svg .point { fill: var(--curve); }
svg .chip { fill: var(--panel); stroke: var(--line); }
svg .idle { fill: var(--line); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; }
th { color: var(--faint); font-weight: 500; font-size: .9rem; }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .5em; border-radius: 50%; }
footer { margin-top: 2.5rem; color: var(--faint); font-size: .9rem; }
`;
