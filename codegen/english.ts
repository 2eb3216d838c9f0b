const IRREGULAR: readonly (readonly [plural: RegExp, singular: string])[] = [
  [/([Pp])eople$/, "$1erson"],
  [/([Cc])hildren$/, "$1hild"],
  [/(series|species|news|data|media|metadata)$/i, "$1"],
  [/(alias|bias|bonus|bus|campus|canvas|census|corpus|lens|status|virus)es$/i, "$1"],
  [/(ss|us|is)$/, "$1"],
  [/(ss|sh|ch|x|z)es$/, "$1"],
  [/([^aeiou])ies$/, "$1y"],
  [/s$/, ""],
];

/** The singular of an English noun in a name. @example singular("widgetConfigurations") // "widgetConfiguration" */
export function singular(name: string): string {
  const rule = IRREGULAR.find(([plural]) => plural.test(name));
  return rule === undefined ? name : name.replace(rule[0], rule[1]);
}

/** The plural of an English noun in a name; a plural stays what it is. @example plural("company") // "companies" */
export function plural(name: string): string {
  if (singular(name) !== name || /(series|species|news|data|media|metadata)$/i.test(name)) return name;
  if (/([^aeiou])y$/.test(name)) return name.replace(/y$/, "ies");
  return /(s|sh|ch|x|z)$/.test(name) ? `${name}es` : `${name}s`;
}

/** With its first letter as a capital. */
export function capitalize(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
