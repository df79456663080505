/**
 * True when two decoded values (plain data: texts, numbers, lists, records) say the same.
 *
 * Decoding left out what changes without meaning anything to DNS (check output, indexes; http-api A1.2 rule 9) and
 * put rows into a fixed order, so an equal value is no change.
 */
export function sameContent(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => sameContent(item, other[index]));
  }
  if (Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && sameContent(Reflect.get(one, key), Reflect.get(other, key)));
}
