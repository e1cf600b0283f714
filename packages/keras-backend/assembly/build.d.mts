/** The text of kernels.generated.ts for the present sources. */
export function generatedModule(): Promise<string>;
