/** The text of a kernels.generated.ts for the present sources of an entry point, `kernels.ts` unless told. */
export function generatedModule(entry?: 'kernels.ts' | 'float.ts'): Promise<string>;
