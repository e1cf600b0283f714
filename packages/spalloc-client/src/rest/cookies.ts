/** The cookies of one service, by name. Where they apply, and until when, is of no matter to one session. */
export class Cookies {
  readonly #values = new Map<string, string>();

  /** Keeps what `Set-Cookie` headers say; an empty value takes a cookie away. */
  keep(headers: readonly string[]): void {
    for (const header of headers) {
      const [, name, value = ''] = /^([^=;\s]+)=([^;]*)/.exec(header) ?? [];
      if (name === undefined) continue;
      if (value === '') this.#values.delete(name);
      else this.#values.set(name, value);
    }
  }

  /** The header that sends them back. */
  header(): Record<string, string> {
    if (this.#values.size === 0) return {};
    return { Cookie: [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  clear(): void {
    this.#values.clear();
  }
}
