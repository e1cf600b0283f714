/** Colours of the canvas, as the style sheet has them for light and dark. */
import type { Kind } from './core-kinds.js';

/** Colours by what they are for. */
export interface Theme {
  readonly paper: string;
  readonly chip: string;
  readonly line: string;
  readonly ink: string;
  readonly faint: string;
  readonly alarm: string;
  readonly onAlarm: string;
  readonly net: string;
  readonly focus: string;
  readonly kinds: Readonly<Record<Kind, string>>;
  /** Of programs and layers, in turn. */
  readonly programs: readonly string[];
  /** From calm to busy, 64 steps. */
  readonly heat: readonly string[];
}

const STEPS = 64;

/** Reads the colours that hold at present. */
export function readTheme(): Theme {
  const probe = document.createElement('i');
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return hexOf(style.color);
  };
  const kind = (name: string): string => colour(`kind-${name}`);
  const theme: Theme = {
    paper: colour('paper'),
    chip: colour('chip'),
    line: colour('line'),
    ink: colour('ink'),
    faint: colour('faint'),
    alarm: colour('alarm'),
    onAlarm: colour('on-alarm'),
    net: colour('net'),
    focus: colour('focus'),
    kinds: {
      error: kind('error'),
      silent: kind('silent'),
      starting: kind('starting'),
      sync: kind('sync'),
      pause: kind('pause'),
      run: kind('run'),
      exit: kind('exit'),
      idle: kind('idle'),
      off: kind('off'),
    },
    programs: Array.from({ length: 6 }, (_, index) => colour(`program-${index}`)),
    heat: ramp([colour('heat-0'), colour('heat-1'), colour('heat-2')]),
  };
  probe.remove();
  return theme;
}

/** A step of the heat colours, `share` from 0 to 1. */
export function heatOf({ heat }: Theme, share: number): string {
  const step = Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1));
  return heat[step] as string;
}

/** A colour between two of the form `#rrggbb`. */
export function mix(from: string, to: string, share: number): string {
  const [a, b] = [rgb(from), rgb(to)];
  const parts = a.map((value, at) => Math.round(value + ((b[at] as number) - value) * share));
  return `#${parts.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** `#rrggbb` of a computed colour, `rgb(r, g, b)`. */
function hexOf(computed: string): string {
  const parts = computed.match(/\d+/g) ?? [];
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`;
}

/** Red, green and blue of `#rrggbb`, 0 to 255. */
export function rgb(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >>> 16, (value >>> 8) & 0xff, value & 0xff];
}

function ramp(stops: readonly [string, string, string]): string[] {
  return Array.from({ length: STEPS }, (_, step) => {
    const share = (step / (STEPS - 1)) * 2;
    return share <= 1 ? mix(stops[0], stops[1], share) : mix(stops[1], stops[2], share - 1);
  });
}
