export class RegexpError extends Error {
  override readonly name = 'RegexpError';
}

const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/** Go's (RE2's) regular expressions, as far as JavaScript's have the same: leading flags and named groups are respelled. */
export function compileRegexp(source: string): RegExp {
  const flags = LEADING_FLAGS.exec(source)?.[1] ?? '';
  const respelled = source
    .replace(LEADING_FLAGS, '')
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^');
  try {
    return new RegExp(respelled, [...new Set(flags)].join(''));
  } catch (error) {
    throw new RegexpError(`error parsing regexp: ${error instanceof Error ? error.message : String(error)}`);
  }
}
