/**
 * The pages of an answer, in turn.
 * @param ask - Asks for the page that a token names; the first has none.
 */
export async function* pages<T extends { readonly next_page_token?: string }>(
  ask: (token: string | undefined) => Promise<T>,
): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const page = await ask(token);
    yield page;
    token = page.next_page_token || undefined;
  } while (token !== undefined);
}
