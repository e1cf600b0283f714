/** The canvas with the machine: draws when something changed, and takes the mouse, fingers and keys. */
import { neighbour } from '@spin-tools/machine-model';
import type { MachineMessage } from '../../src/view/messages.js';
import { Camera } from './camera.js';
import type { Colouring } from './colouring.js';
import { onceAFrame } from './dom.js';
import { type Layout, layoutOf, NearestChip } from './geometry.js';
import { drawMachine } from './map-picture.js';
import { Nets, type Tree } from './nets.js';
import type { Selection } from './selection.js';
import type { Store } from './store.js';
import { readTheme, type Theme } from './theme.js';

/** Page pixels that a pointer may move in a click. */
const CLICK_PIXELS = 4;
/** Zoom of a key press. */
const KEY_ZOOM = 1.25;
/** Most chips at which things move: more would not be smooth. */
const MOST_MOVING_CHIPS = 600;

/** Links that arrow keys follow. */
const ARROWS: Readonly<Record<string, number>> = {
  ArrowRight: 0,
  ArrowUp: 2,
  ArrowLeft: 3,
  ArrowDown: 5,
  PageUp: 1,
  PageDown: 4,
};

const LABEL =
  'Chips of the machine. Arrow keys go from chip to chip, plus and minus zoom, Escape selects none.';

/** What the canvas needs of the rest of the page. */
export interface MapSurroundings {
  readonly store: Store;
  readonly selection: Selection;
  /** Drops that the user has taken note of, by chip. */
  noted(): Uint32Array;
  /** Called after drawing, for the legend. */
  drawn(colouring: Colouring): void;
  /** Called for the chip under the pointer, -1 for none, at a place in the page. */
  pointed(chip: number, x: number, y: number): void;
}

/** The machine on a canvas. */
export class MapView {
  /** The ways between chips, for lists of nets. */
  nets: Nets | undefined;
  private readonly pen: CanvasRenderingContext2D;
  private readonly camera = new Camera();
  private layout: Layout | undefined;
  private nearest: NearestChip | undefined;
  private laidOut: { machine: MachineMessage; shape: string } | undefined;
  private tree: { readonly from: number; readonly tree: Tree } | undefined;
  private theme: Theme = readTheme();
  private fitted = true;
  private readonly reducesMotion = matchMedia('(prefers-reduced-motion: reduce)');
  /** Asks for a new picture. */
  readonly redraw = onceAFrame(() => this.draw());

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly around: MapSurroundings,
  ) {
    const pen = canvas.getContext('2d');
    if (pen === null) throw new Error('this browser cannot draw on a canvas');
    this.pen = pen;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-label', LABEL);
    new ResizeObserver(() => this.resize()).observe(canvas);
    const { store, selection } = around;
    store.on(['frame', 'programs', 'training'], this.redraw);
    store.on(['machine', 'tables'], () => this.arrange());
    selection.onChange(() => this.arrange());
    canvas.addEventListener('keydown', (event) => this.key(event));
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.followPointers();
  }

  /** Reads the colours again after they changed. */
  refreshTheme(): void {
    this.theme = readTheme();
    this.redraw();
  }

  /** Shows the whole machine. */
  fit(): void {
    if (this.layout) this.camera.fit(this.layout, this.canvas.width, this.canvas.height);
    this.fitted = true;
    this.redraw();
  }

  /** Zooms around the selected chip where there is one, else around the middle. */
  zoom(factor: number): void {
    const { layout, camera, canvas } = this;
    const { chip } = this.around.selection;
    if (layout === undefined || chip < 0) {
      this.zoomAt(factor, canvas.width / 2, canvas.height / 2);
      return;
    }
    const place = { x: layout.x[chip] as number, y: layout.y[chip] as number };
    this.zoomAt(factor, camera.x(place.x), camera.y(place.y));
    this.reveal(chip);
  }

  /** Moves so that a chip is seen. */
  reveal(chip: number): void {
    const { layout, canvas } = this;
    if (layout === undefined || chip < 0) return;
    const place = { x: layout.x[chip] as number, y: layout.y[chip] as number };
    this.camera.reveal(place, canvas.width, canvas.height);
    this.redraw();
  }

  /** The tree of the net that is selected. */
  get selectedTree(): Tree | undefined {
    return this.tree?.tree;
  }

  private arrange(): void {
    const { store, selection } = this.around;
    const { machine } = store;
    if (machine === undefined) return;
    const { shape, net } = selection;
    if (this.laidOut?.machine !== machine || this.laidOut.shape !== shape) {
      const isNewMachine = this.laidOut?.machine !== machine;
      this.laidOut = { machine, shape };
      this.layout = layoutOf(machine, shape);
      this.nearest = new NearestChip(this.layout);
      if (isNewMachine) this.nets = new Nets(machine, store.tables);
      this.fit();
    }
    this.tree = net && this.nets && { from: net.chip, tree: this.nets.trace(net.chip, net.key) };
    this.redraw();
  }

  private resize(): void {
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    if (this.fitted) this.fit();
    else this.draw();
  }

  private draw(): void {
    const { around, layout, nets, pen, camera, canvas, theme } = this;
    const { store, selection } = around;
    const { machine } = store;
    if (machine === undefined || layout === undefined || nets === undefined) return;
    const moves = this.moves(machine);
    performance.mark('draw');
    const colouring = drawMachine(pen, {
      ...{ store, machine, layout, nets, theme, camera },
      ...{ mode: selection.mode, selected: selection.chip, core: selection.core, tree: this.tree },
      ...{ width: canvas.width, height: canvas.height, ratio: devicePixelRatio },
      noted: around.noted(),
      clock: moves ? performance.now() / 1000 : 0,
    });
    performance.measure('drawing', 'draw');
    performance.clearMarks('draw');
    around.drawn(colouring);
    if (moves) this.redraw();
  }

  /** Whether anything is in motion: packets on links, or a net. */
  private moves(machine: MachineMessage): boolean {
    const { store, selection } = this.around;
    if (this.reducesMotion.matches || machine.x.length > MOST_MOVING_CHIPS) return false;
    if (this.tree !== undefined) return true;
    return (
      selection.mode === 'traffic' && store.isLive && store.shown.linkRate.some((each) => each > 0)
    );
  }

  private zoomAt(factor: number, x: number, y: number): void {
    this.camera.zoom(factor, x, y);
    this.fitted = false;
    this.redraw();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const { x, y } = this.pixelOf(event);
    this.zoomAt(Math.exp(-event.deltaY / 400), x, y);
  }

  private pixelOf({ clientX, clientY }: MouseEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: (clientX - box.left) * devicePixelRatio,
      y: (clientY - box.top) * devicePixelRatio,
    };
  }

  private chipUnder(event: MouseEvent): number {
    const { x, y } = this.pixelOf(event);
    const place = this.camera.placeAt(x, y);
    return this.nearest?.at(place.x, place.y) ?? -1;
  }

  private followPointers(): void {
    const { canvas, around } = this;
    const down = new Map<number, PointerEvent>();
    let moved = false;
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, event);
      moved = false;
    });
    canvas.addEventListener('pointermove', (event) => {
      const before = down.get(event.pointerId);
      if (before === undefined) {
        around.pointed(this.chipUnder(event), event.clientX, event.clientY);
        return;
      }
      const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
      if (!moved && Math.hypot(dx, dy) < CLICK_PIXELS) return;
      moved = true;
      this.fitted = false;
      const other = [...down.values()].find(({ pointerId }) => pointerId !== event.pointerId);
      if (other) {
        const middle = this.pixelOf(other);
        const spread = (at: MouseEvent) =>
          Math.max(20, Math.hypot(at.clientX - other.clientX, at.clientY - other.clientY));
        this.zoomAt(spread(event) / spread(before), middle.x, middle.y);
      } else this.camera.pan(dx * devicePixelRatio, dy * devicePixelRatio);
      down.set(event.pointerId, event);
      this.redraw();
    });
    canvas.addEventListener('pointerup', (event) => {
      down.delete(event.pointerId);
      if (!moved) around.selection.choose({ chip: this.chipUnder(event), core: -1 });
    });
    canvas.addEventListener('pointercancel', (event) => down.delete(event.pointerId));
    canvas.addEventListener('pointerleave', () => around.pointed(-1, 0, 0));
  }

  private key(event: KeyboardEvent): void {
    const { selection, store } = this.around;
    const { machine } = store;
    const link = ARROWS[event.key];
    if (machine === undefined) return;
    if (link !== undefined) {
      const chip = selection.chip < 0 ? 0 : chipBeside(machine, selection.chip, link);
      selection.choose({ chip, core: -1 });
      this.reveal(chip);
    } else if (event.key === '+' || event.key === '=') this.zoom(KEY_ZOOM);
    else if (event.key === '-') this.zoom(1 / KEY_ZOOM);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Escape') selection.choose({ chip: -1, core: -1, net: undefined });
    else return;
    event.preventDefault();
  }
}

/** The chip in a direction, or the same where there is none. */
function chipBeside(machine: MachineMessage, chip: number, link: number): number {
  const at = { x: machine.x[chip] as number, y: machine.y[chip] as number };
  const next = neighbour(machine, at, link);
  if (next === undefined) return chip;
  const found = machine.x.findIndex((x, index) => x === next.x && machine.y[index] === next.y);
  return found < 0 ? chip : found;
}
