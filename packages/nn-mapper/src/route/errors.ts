/** No working links lead from a net's source to a sink. */
export class UnreachableSinkError extends Error {
  readonly net: string;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };

  constructor(net: string, from: UnreachableSinkError['from'], to: UnreachableSinkError['to']) {
    super(
      `net "${net}" cannot reach chip (${to.x}, ${to.y}) from chip (${from.x}, ${from.y}): ` +
        'dead links or chips lie between. Fix the vertices to connected chips, or use another machine.',
    );
    this.name = 'UnreachableSinkError';
    this.net = net;
    this.from = from;
    this.to = to;
  }
}
