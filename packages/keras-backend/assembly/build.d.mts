/** The text of kernels.generated.ts for the present kernels.ts. */
export function generatedModule(): Promise<string>;
